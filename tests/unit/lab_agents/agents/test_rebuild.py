"""A journal made anew has the state of the lost one, and owes what the log does not hold."""

from hypothesis import given
from hypothesis import strategies as st

from lab_agents.agents.rebuild import Rebuild
from lab_agents.messages.commands import AbortCampaign
from lab_agents.messages.entry import Entry
from lab_agents.messages.frames import Logged, Seal
from lab_agents.messages.life import EntryRefused
from tests.small_log import AT, make_entry
from tests.toy_agent import Echo, note


def place(position: int, entry: Entry, source: str) -> Logged:
    """An entry with its place."""
    seal = Seal(log="L", position=position, chain="0" * 64, source=source, epoch=1, sequence=position, recorded_at=AT)
    return Logged.model_construct(seal=seal, entry=entry)


def heard(position: int, word: str) -> Logged:
    """A person's word."""
    return place(position, make_entry(f"once-{position}/0/0", AbortCampaign(person="p", reason=word)), "once-1")


def said(position: int, cause: int, ordinal: int) -> Logged:
    """The agent's decision number `ordinal` on the entry at `cause`."""
    entry = make_entry(f"line/{cause}/{ordinal}", note("said").body, cause=cause)
    return place(position, entry, "line")


def refused(position: int, refused_id: str, source: str) -> Logged:
    """The recorder's answer to an entry that it does not take."""
    body = EntryRefused(source=source, sequence=1, reason="no", raw="0" * 64, refused_id=refused_id)
    return place(position, make_entry(f"recorder/{position}", body), "recorder")


def missing(rebuild: Rebuild) -> list[tuple[int, int]]:
    """Causes and ordinals of what is owed."""
    return [(cause, ordinal) for cause, ordinal, _ in rebuild.missing()]


def test_what_was_never_recorded_is_owed_in_order() -> None:
    """Every draft of every cause."""
    rebuild = Rebuild("line", Echo())
    assert all(rebuild.take(one) for one in (heard(1, "a"), heard(2, "b")))
    assert missing(rebuild) == [(1, 0), (1, 1), (2, 0), (2, 1)]
    assert (rebuild.state.heard, rebuild.position, rebuild.cursor.log) == (("a", "b"), 2, "L")


def test_what_was_decided_before_the_last_recorded_decision_is_not_decided_again() -> None:
    """It was submitted before it; a newer software must not decide the past differently."""
    rebuild = Rebuild("line", Echo())
    for one in (heard(1, "a"), heard(2, "b"), heard(3, "c"), said(4, 2, 0)):
        rebuild.take(one)
    assert missing(rebuild) == [(2, 1), (3, 0), (3, 1)]


def test_what_the_recorder_refused_is_not_said_again() -> None:
    """Whoever it concerns has given up what hung on it; said again it might be taken, and bind nobody."""
    rebuild = Rebuild("line", Echo())
    for one in (heard(1, "a"), heard(2, "b"), refused(3, "line/2/0", "line"), refused(4, "else/2/1", "else")):
        rebuild.take(one)
    assert missing(rebuild) == [(2, 1), (3, 0)], "and that it was refused is told"


def test_entries_that_are_no_decisions_prove_nothing() -> None:
    """A birth, a timer, a sense or a job's outcome has another kind of id."""
    rebuild = Rebuild("line", Echo())
    rebuild.take(heard(1, "a"))
    rebuild.take(place(2, make_entry("line/1/think/0", note("outcome").body, cause=1), "line"))
    rebuild.take(place(3, make_entry("line/epoch/1", note("born").body), "line"))
    assert missing(rebuild) == [(1, 0), (1, 1)]


def test_an_entry_that_cannot_be_handled_leaves_everything_as_it_was() -> None:
    """The loop meets it next."""
    rebuild = Rebuild("line", Echo(poison="bad"))
    assert rebuild.take(heard(1, "a"))
    assert not rebuild.take(heard(2, "bad"))
    assert (rebuild.position, rebuild.state.heard) == (1, ("a",))


def test_a_voided_entry_only_moves_the_position() -> None:
    """A person let this agent pass over it."""
    rebuild = Rebuild("line", Echo(poison="bad"), frozenset({1}))
    assert rebuild.take(heard(1, "bad"))
    assert rebuild.take(heard(2, "a"))
    assert (rebuild.position, rebuild.state.heard) == (2, ("a",))
    assert missing(rebuild) == [(2, 0), (2, 1)]


@given(words=st.lists(st.sampled_from("abc"), max_size=8), n_recorded=st.integers(0, 16))
def test_recorded_and_owed_decisions_together_are_all_of_them_once(words: list[str], n_recorded: int) -> None:
    """Wherever the log ends."""
    rebuild = Rebuild("line", Echo())
    entries = [heard(position, word) for position, word in enumerate(words, start=1)]
    decisions = [(cause, ordinal) for cause in range(1, len(words) + 1) for ordinal in (0, 1)]
    recorded = decisions[:n_recorded]
    entries += [said(len(words) + 1 + at, *decision) for at, decision in enumerate(recorded)]
    for one in entries:
        rebuild.take(one)
    assert recorded + missing(rebuild) == decisions
