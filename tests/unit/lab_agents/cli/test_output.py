"""What commands print."""

import json
from datetime import UTC, datetime
from pathlib import Path

from lab_agents.cli.output import say, say_json, warn
from lab_agents.records.target import Target


def test_json_is_one_object_that_a_program_reads(capsys):
    answer = {
        "target": Target(property="y", direction="minimize"),
        "at": datetime(2026, 1, 1, tzinfo=UTC),
        "path": Path("/x"),
    }
    say_json(answer)
    read = json.loads(capsys.readouterr().out)
    assert read["target"]["property"] == "y"
    assert read["path"] == "/x"


def test_warnings_do_not_mix_with_answers(capsys):
    say("answer")
    warn("warning")
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("answer\n", "warning\n")
