"""What the recorder lets into the log."""

from datetime import timedelta

import pytest

from lab_agents.admission import check_id, check_role, check_same, check_time, roles_of
from lab_agents.errors import MessageError
from lab_agents.messages.commands import AbortCampaign
from tests.small_log import AT, LABORATORY, make_entry, started

ROLES = roles_of(LABORATORY)


def test_roles_follow_the_declaration() -> None:
    """A line works, a person commands, an undeclared source may do nothing."""
    assert ROLES("line") == {"agent", "worker"}
    assert ROLES("planning") == {"agent", "planning"}
    assert ROLES("once-1") == {"person"}
    assert ROLES("stranger") == frozenset()


def test_nobody_publishes_what_belongs_to_another_role() -> None:
    """A line that aborts a campaign is broken or no line."""
    command = make_entry("line/1/0", AbortCampaign(person="p", reason="r"))
    check_role("once-1", command, ROLES)
    with pytest.raises(MessageError, match="line may not publish AbortCampaign; that belongs to the role person"):
        check_role("line", command, ROLES)


def test_nobody_takes_the_id_of_another() -> None:
    """Whoever took it first would shut out the entry that is meant."""
    entry = started(1)
    check_id("line", entry)
    for source in ("planning", "lin"):
        with pytest.raises(MessageError, match=f"{source} may not give an entry the id line/epoch/1"):
            check_id(source, entry)


def test_an_id_means_one_record() -> None:
    """The time at which it was decided may differ: a decision taken again is the same entry."""
    entry = started(1)
    check_same(entry, None)
    check_same(entry.model_copy(update={"at": AT + timedelta(hours=1)}), (7, entry))
    with pytest.raises(MessageError, match="line/epoch/1 stands at position 7 with another record"):
        check_same(entry, (7, started(2)))


def test_what_comes_too_late_is_refused() -> None:
    """To the instant it may still be acted on."""
    entry = make_entry("line/1/0", AbortCampaign(person="p", reason="r"), not_after=AT)
    check_time(entry, AT)
    with pytest.raises(MessageError, match="was not to be acted on after 2026-01-01"):
        check_time(entry, AT + timedelta(seconds=1))
