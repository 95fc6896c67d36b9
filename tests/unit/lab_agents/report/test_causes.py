"""Failures by cause."""

import pytest

from lab_agents.report.account import Account
from lab_agents.report.causes import causes, generalized
from lab_agents.report.telling import tell
from tests.told_absorber import tell_absorber


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return causes(tell(tell_absorber(tmp_path_factory.mktemp("blobs"), 8)))


def test_what_struck_tasks_readings_and_observations_is_counted(found):
    told = {(c.struck, c.what): c.n for c in found}
    assert told["task", "robot: … fell from the gripper between … and …"] == 1
    assert told["reading", "gap: no edge from # to # eV"] == 1
    assert told["retraction", "the shutter stuck"] == 1


def test_a_property_that_nobody_asked_for_is_no_failure(found):
    assert not any("sheet" in c.what for c in found)


def test_a_cause_has_an_example_in_full(found):
    assert next(c.example for c in found if c.struck == "task").startswith("robot: absorber-0007 fell")


def test_causes_that_differ_in_numbers_are_one():
    assert generalized("12.5 µL is above 10 µL") == generalized("7 µL is above 1e2 µL") == "# µL is above # µL"
    assert len(generalized("very " * 100)) == 140


def test_nothing_that_failed_has_no_cause():
    assert causes(Account()) == []
