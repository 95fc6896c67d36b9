"""What reliability is made of."""

from importlib.util import find_spec

from lab_agents.benchmarks.reliability import SECTIONS, run_section, sections_of
from lab_agents.cli.benchmark import BENCHMARKS


def test_a_benchmark_that_is_not_there_is_said_not_to_have_run() -> None:
    """By its name; what is there is a function of its module."""
    (row,) = run_section("of_another_release", 1, None, lambda _done, _of: None)
    assert row.verdict == "not run"
    assert "of_another_release" in row.figure


def test_every_section_can_be_run_alone() -> None:
    """By the name under which it is published."""
    assert set(SECTIONS) <= set(BENCHMARKS)
    assert all(find_spec(f"lab_agents.benchmarks.{name}") for name in SECTIONS)


def test_a_release_takes_more_nights_but_no_second_long_campaign() -> None:
    """And always as many single changes."""
    seeds = dict(sections_of(5))
    assert (seeds["survival"], seeds["soak"], seeds["tampering"]) == (5, 1, 500)
