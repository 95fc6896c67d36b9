"""The command as a whole: help, errors, what it loads."""

import os
import subprocess
import sys

import pytest

from lab_agents.cli import main

COMMANDS = (
    "run", "resume", "end", "status", "watch", "report", "replay", "audit", "stop", "rearm", "benchmark", "labs check",
    "campaign check", "answer", "approve", "abort", "pause", "continue", "log adopt", "log void",
)  # fmt: skip


def call(*arguments):
    with pytest.raises(SystemExit) as left:
        main(list(arguments))
    return left.value.code


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command, capsys):
    assert call(*command.split(), "--help") == 0
    shown = capsys.readouterr().out
    assert shown.startswith("Usage: ")
    assert len(shown.splitlines()) > 5


def test_help_lists_every_command(capsys):
    assert call("--help") == 0
    shown = capsys.readouterr().out
    for command in COMMANDS:
        assert f"  {command.split()[0]} " in shown


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from lab_agents.cli.app import app\n"
        "heavy = {'torch', 'bluesky', 'ophyd', 'sqlmodel', 'sqlalchemy', 'matplotlib', 'numpy', 'scipy', 'aiomqtt'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_command_computes_in_one_thread(monkeypatch, capsys):
    """As the processes of a laboratory do, so that equal inputs give equal outputs everywhere."""
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    assert call("--help") == 0
    assert os.environ["OMP_NUM_THREADS"] == "1"
    assert "run" in capsys.readouterr().out


def test_an_unknown_command_is_a_usage_error(capsys):
    assert call("rum") == 2
    assert "rum" in capsys.readouterr().err


def test_a_missing_argument_is_a_usage_error(capsys):
    assert call("run") == 2
    assert "FILE" in capsys.readouterr().err


def test_an_error_of_ours_is_one_message_without_a_trace(tmp_path, capsys):
    assert call("campaign", "check", str(tmp_path / "nowhere.yaml")) == 3
    shown = capsys.readouterr()
    assert shown.err == f"error: {tmp_path / 'nowhere.yaml'}: there is no such file. Check the path\n"
    assert shown.out == ""


def test_a_mistake_of_ours_shows_its_trace_and_has_a_code_of_its_own():
    """Not 1, with which Python ends: that says that a benchmark missed a target."""
    code = "from lab_agents.cli.app import app, main\napp.command('broken')(lambda: {}['absent'])\nmain(['broken'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 70
    assert done.stderr.endswith("KeyError: 'absent'\n")


def test_completion_is_offered(capsys):
    assert call("--help") == 0
    assert "--install-completion" in capsys.readouterr().out
