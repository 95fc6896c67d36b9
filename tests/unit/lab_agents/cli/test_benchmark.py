"""`benchmark`: the registry, the table of figures, the exit code."""

from lab_agents.benchmarks.figures import Figure
from lab_agents.cli.benchmark import BENCHMARKS, as_text, benchmark, exit_for, find_benchmark
from lab_agents.cli.exits import Exit

PASSED = Figure(figure="share found", target="at least 0.4", measured=0.45, interval=(0.41, 0.49), verdict="passed")
FAILED = Figure(figure="ratio", target="at least 3", measured=2.0, verdict="failed", note="two seeds")
NOT_RUN = Figure(figure="barrel", target="as above", verdict="not run", note="no table")


def test_figures_are_told_with_interval_target_and_note():
    text = as_text([PASSED, FAILED, NOT_RUN])
    assert "passed   share found\n         0.450 [0.410, 0.490], target: at least 0.4" in text
    assert "two seeds" in text
    assert "not run" in text


def test_an_interval_of_one_seed_is_left_out():
    assert "[" not in as_text([PASSED.model_copy(update={"interval": (-1.7e308, 1.7e308)})])


def test_a_missed_target_has_its_own_exit_code():
    assert exit_for([PASSED, NOT_RUN]) is Exit.OK
    assert exit_for([PASSED, FAILED]) is Exit.BELOW_TARGET


def test_every_benchmark_can_be_loaded():
    for name in BENCHMARKS:
        assert callable(find_benchmark(name))


def test_the_list_names_them(capsys):
    assert benchmark("list") == Exit.OK
    assert "replay (25): " in capsys.readouterr().out


def test_an_unknown_benchmark_is_a_usage_error(capsys):
    assert benchmark("speed") == Exit.USAGE
    assert "known are replay" in capsys.readouterr().err
