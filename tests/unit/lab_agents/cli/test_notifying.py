"""`lab-agents notify test`."""

import json

import pytest
import yaml

from lab_agents.cli import main
from tests.simulated_world import LAB_FILE
from tests.unit.lab_agents.notify.receivers import Received, webhook_server


def call(*arguments):
    with pytest.raises(SystemExit) as left:
        main(["notify", "test", *map(str, arguments)])
    return left.value.code


def lab_file(folder, **channels):
    """The shipped laboratory with these channels."""
    declared = yaml.safe_load(LAB_FILE.read_text()) | {"notifications": channels}
    (folder / "lab.yaml").write_text(yaml.safe_dump(declared))
    return folder / "lab.yaml"


def test_a_trial_is_sent_and_its_exit_code_tells_whether_it_was_taken(tmp_path, capsys):
    with webhook_server(Received()) as received:
        path = lab_file(tmp_path, phone={"kind": "webhook", "address": received.url})
        assert call(path) == 0
        assert "phone (webhook): taken" in capsys.readouterr().out
        received.answer = 503
        assert call(path, "--json") == 5
    (trial,) = json.loads(capsys.readouterr().out)["channels"]
    assert (trial["channel"], trial["is_taken"]) == ("phone", False)
    assert received.titles == ["a trial of the channel phone"] * 2


def test_a_laboratory_without_channels_says_where_to_declare_them(tmp_path, capsys):
    assert call(lab_file(tmp_path)) == 3
    assert "no channel is declared" in capsys.readouterr().err
    path = lab_file(tmp_path, phone={"kind": "webhook", "address": "https://127.0.0.1/x"})
    assert call(path, "--channel", "pager") == 3
    assert "there is no channel 'pager'; there are phone" in capsys.readouterr().err


def test_a_secret_in_the_lab_file_is_refused_with_its_line(tmp_path, capsys):
    path = lab_file(tmp_path, phone={"kind": "webhook", "address": "https://127.0.0.1/x", "secret": "s3cret"})
    assert call(path) == 3
    said = capsys.readouterr().err
    assert "notifications.phone" in said
    assert "s3cret" not in said
