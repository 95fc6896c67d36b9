"""One step over one entry, as loop, rebuild and replay all take it."""

from lab_agents.agents.behaviour import OnlyTold
from lab_agents.agents.decisions import concerns, decision_id, heeds, step
from lab_agents.messages.commands import AbortCampaign, ResumeCampaign
from lab_agents.messages.course import CampaignPaused
from lab_agents.messages.entry import Body
from lab_agents.messages.frames import Logged, Seal
from lab_agents.messages.life import EntryRefused, TroubleMet
from lab_agents.messages.work import WORK_KINDS, ReservationReleased
from tests.small_log import AT, make_entry
from tests.toy_agent import Echo, EchoState


def logged(body: Body, source: str = "once-1", position: int = 7) -> Logged:
    """An entry with its place."""
    seal = Seal(log="L", position=position, chain="0" * 64, source=source, epoch=1, sequence=1, recorded_at=AT)
    return Logged.model_construct(seal=seal, entry=make_entry(f"{source}/0/0", body))


REFUSED = EntryRefused(source="line", sequence=3, reason="because", raw="0" * 64)
COMMAND = AbortCampaign(person="p", reason="r")


def test_an_agent_is_concerned_by_its_kinds_its_own_entries_and_its_refusals() -> None:
    """Everything else only moves its position."""
    assert concerns("line", Echo(), logged(COMMAND))
    assert concerns("line", Echo(), logged(ResumeCampaign(person="p"), source="line"))
    assert concerns("line", Echo(), logged(REFUSED, source="recorder"))
    assert not concerns("line", Echo(), logged(ResumeCampaign(person="p")))
    assert not concerns("line", Echo(), logged(REFUSED.model_copy(update={"source": "robot"}), source="recorder"))


def test_a_step_applies_and_decides() -> None:
    """The state after, and what follows."""
    taken = step("line", Echo(), EchoState(), logged(COMMAND))
    assert taken.state.heard == ("r",)
    assert len(taken.drafts) == 2


def test_a_refusal_makes_trouble_whatever_the_role() -> None:
    """It names the reason and where the bytes are kept."""
    (draft,) = step("line", Echo(), EchoState(), logged(REFUSED, source="recorder")).drafts
    assert isinstance(draft.body, TroubleMet)
    assert "because" in draft.body.trouble.what
    assert draft.body.trouble.evidence == {"raw": "0" * 64, "sequence": "3"}
    assert draft.body.position == 7


def test_a_refusal_with_a_very_long_reason_still_makes_trouble() -> None:
    """A trouble holds 2000 characters, a refusal 4000."""
    long = REFUSED.model_copy(update={"reason": "r" * 4000})
    (draft,) = step("line", Echo(), EchoState(), logged(long, source="recorder")).drafts
    assert isinstance(draft.body, TroubleMet)
    assert len(draft.body.trouble.what) == 2000


def test_ids_are_derived_from_cause_and_ordinal() -> None:
    """Taken again, a decision is the same entry."""
    assert decision_id("line", 7, 1) == "line/7/1"


TOLD = Echo(only_told=OnlyTold(frozenset({"CampaignPaused"}), WORK_KINDS))
"""Of pauses it is only told, and of the work of others."""


class Partaking(EchoState):
    """Takes part in one work."""

    def works(self) -> tuple[str, ...]:
        """That work."""
        return ("mine",)


def test_the_clock_waits_for_an_agent_only_after_entries_that_may_make_it_act() -> None:
    """Its own, those of work in which it takes part before or after, and kinds of which it is not only told."""
    out, taking_part = EchoState(), Partaking()

    def waits(body: Body, before: EchoState = out, after: EchoState = out, source: str = "robot") -> bool:
        return heeds("line", TOLD, before, after, logged(body, source))

    released = ReservationReleased(work="mine", places=("p",))
    assert waits(COMMAND)
    assert not waits(CampaignPaused(reason="r"))
    assert waits(CampaignPaused(reason="r"), source="line")
    assert not waits(released)
    assert waits(released, before=taking_part)
    assert waits(released, after=taking_part)
    assert not waits(ReservationReleased(work="other", places=("p",)), before=taking_part, after=taking_part)
