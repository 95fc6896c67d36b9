"""An entry that an agent cannot take."""

from lab_agents.agents.poison import stuck_at, tells_stuck, voids
from lab_agents.errors import UnreadableEntryError
from lab_agents.messages.commands import EntryVoided
from lab_agents.messages.life import TroubleMet
from tests.story import logged

UNREAD = UnreadableEntryError("of a newer kind", log="story", position=9, chain="0" * 64)


def test_the_same_failure_is_the_same_entry_and_another_one_is_news() -> None:
    """Its id derives from the name; a restart that fails alike says nothing new."""
    name, draft = stuck_at("line", 7, "line cannot handle entry 7", "trace")
    assert stuck_at("line", 7, "line cannot handle entry 7", "trace")[0] == name
    assert stuck_at("line", 7, "line cannot handle entry 7", "another trace")[0] != name
    assert isinstance(draft.body, TroubleMet)
    assert draft.body.position == 7
    assert draft.body.trouble.remedies[1] == "lab-agents log void 7 --reason WHY"


def test_a_long_trace_keeps_its_end() -> None:
    """Where the error is named."""
    _, draft = stuck_at("line", 7, "w" * 9000, "t" * 9000 + "ZeroDivisionError")
    assert isinstance(draft.body, TroubleMet)
    assert draft.body.trouble.evidence["trace"].endswith("ZeroDivisionError")


def test_only_a_person_s_word_on_that_very_entry_voids_it() -> None:
    """What cannot be read says nothing at all."""
    word = logged(12, "once-1", EntryVoided(position=9, person="ada", reason="newer"))
    assert voids(word, 9)
    assert not voids(word, 8)
    assert not voids(UNREAD, 9)


def test_an_agent_knows_its_own_trouble_from_that_of_others() -> None:
    """By the id, which derives from who said it."""
    _, draft = stuck_at("line", 9, "w", "t")
    said = logged(12, "line", draft.body)
    said = said.model_copy(update={"entry": said.entry.model_copy(update={"id": "line/stuck/9-abc/0"})})
    assert tells_stuck("line", said)
    assert not tells_stuck("line_b", said)
    assert not tells_stuck("line", UNREAD)
