"""A display's own decisions; whole campaigns are followed in tests/campaigns/test_command_line.py."""

import io

import pytest
from rich.console import Console

from instruments.lab import read_laboratory
from lab_agents.cli.exits import Exit
from lab_agents.cli.following import Following, Wishes, first_of, is_plain, make_console, scene_for
from lab_agents.errors import GuardError, LabAgentsError
from lab_agents.state_folder import StateFolder
from tests.told_campaign import example, tell_campaign

WISHES = Wishes(state=None, person="Ada", speed=None, is_plain=True, wants_report=False)


def following(tmp_path, log):
    laboratory = read_laboratory(example().lab_path)
    scene = scene_for(laboratory, None)
    for logged in log:
        scene.take_entry(logged)
    return Following(StateFolder(tmp_path), laboratory, "opv_blend", WISHES, scene, Console(file=io.StringIO()))


def test_a_spent_budget_is_a_good_end(tmp_path):
    assert following(tmp_path, tell_campaign(60)).outcome() is Exit.OK


def test_a_campaign_that_ended_early_says_so(tmp_path):
    assert following(tmp_path, tell_campaign(20)).outcome() is Exit.UNFINISHED


def test_a_display_ends_with_its_own_campaign_only(tmp_path):
    log = tell_campaign(4)
    assert following(tmp_path, log).has_finished
    assert not following(tmp_path, log[:-1]).has_finished
    other = following(tmp_path, log)
    other.campaign = "another"
    assert not other.has_finished


def test_the_first_machine_is_looked_after(tmp_path):
    assert following(tmp_path, []).machine == "main"


def test_the_error_in_a_group_of_groups_is_found():
    error = GuardError("gone")
    assert first_of(ExceptionGroup("outer", [ExceptionGroup("inner", [error])])) is error
    with pytest.raises(LabAgentsError):
        raise first_of(ExceptionGroup("one", [LabAgentsError("x")]))


def test_lines_are_printed_where_there_is_no_terminal():
    assert is_plain(WISHES, Console(file=io.StringIO()))
    live = Wishes(state=None, person="Ada", speed=None, is_plain=False, wants_report=False)
    assert is_plain(live, Console(file=io.StringIO()))
    assert not is_plain(live, Console(file=io.StringIO(), force_terminal=True))
    assert make_console(WISHES).width >= 120
