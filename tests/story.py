"""One agent's behaviour, told entry by entry: what it decides on each, without a laboratory around it."""

from datetime import timedelta

from lab_agents.agents.behaviour import AgentState, AnyBehaviour, Draft, Job, JobOutcome
from lab_agents.messages.course import CampaignStarted, ProposalMade
from lab_agents.messages.entry import KINDS, Body, Entry
from lab_agents.messages.frames import Logged, Seal
from lab_agents.messages.life import LabOpened
from lab_agents.messages.work import SampleMade
from lab_agents.records.laboratory import Laboratory
from lab_agents.records.proposal import Proposal, ProposedCandidate
from lab_agents.records.sample import AsMade, Sample
from lab_agents.records.space import Candidate
from tests.model_lab import MATERIALS, START, laboratory, plan, sha


def logged(
    position: int,
    source: str,
    body: Body,
    *,
    subject: str = "s",
    campaign: str | None = "opv",
    cause: int | None = None,
) -> Logged:
    """An entry in its place in the log; laboratory time is one second a position."""
    entry = Entry(
        id=f"{source}/{position}/0",
        kind=type(body).__name__,
        schema_version=KINDS[type(body).__name__].version,
        at=START + timedelta(seconds=position),
        campaign=campaign,
        subject=subject,
        cause=cause,
        record=body,
    )
    seal = Seal(
        log="story", position=position, chain="0" * 64, source=source, epoch=1, sequence=position, recorded_at=START
    )
    return Logged(seal=seal, entry=entry)


def proposal(*shares: tuple[float, ...], first: int = 1, acquisition: float | None = None) -> ProposalMade:
    """An offer of blends, samples numbered from `first`."""
    candidates = tuple(
        ProposedCandidate(
            sample=f"opv-{number:04d}",
            candidate=Candidate(values=dict(zip(MATERIALS, blend, strict=True))),
            acquisition=acquisition,
        )
        for number, blend in enumerate(shares, start=first)
    )
    return ProposalMade(proposal=Proposal(number=1, planner="p", candidates=candidates, inputs=sha("q"), seed=0))


def sample(number: int = 1, place: str | None = "rack_1") -> SampleMade:
    """A finished film."""
    values = dict(zip(MATERIALS, (0.5, 0.5, 0.0, 0.0), strict=True))
    return SampleMade(
        sample=Sample(
            id=f"opv-{number:04d}",
            campaign="opv",
            work=f"make-opv-{number:04d}",
            asked=Candidate(values=values),
            made=AsMade(values=values, deviations=dict.fromkeys(values, 0.01)),
            made_by="line_a",
            made_at=START,
            place=place,
        )
    )


class Story:
    """Entries told to one behaviour; `state` is what it knows, `position` the last one's place."""

    def __init__(self, behaviour: AnyBehaviour, lab: Laboratory | None = None) -> None:
        self.behaviour = behaviour
        self.state: AgentState = behaviour.start()
        self.position = 0
        self.tell("recorder", LabOpened(laboratory=lab or laboratory(), file="0" * 64, version="0"))

    def begin(self, **changes: object) -> tuple[Body, ...]:
        """Start a campaign."""
        return self.tell("supervision", CampaignStarted(plan=plan(**changes), person="ada"), subject="opv")

    def tell(self, source: str, body: Body, **envelope: object) -> tuple[Body, ...]:
        """Apply and decide on one entry; returns what the agent says because of it."""
        self.position += 1
        entry = logged(self.position, source, body, **envelope)
        before = self.state
        self.state = self.behaviour.apply(before, entry)
        assert type(self.state).model_validate_json(self.state.model_dump_json()) == self.state
        return tuple(draft.body for draft in self.behaviour.decide(before, self.state, entry))

    def conclude(self, job: Job, outcome: JobOutcome) -> tuple[Draft, ...]:
        """What the agent says of a job's end."""
        return self.behaviour.conclude(job, outcome)
