"""What planning knows: the laboratory, the open campaign, and the contests for its work."""

from datetime import datetime

from pydantic import AwareDatetime, Field

from lab_agents.agents.behaviour import AgentState, Job
from lab_agents.agents.contests import Contest
from lab_agents.agents.fates import Fate
from lab_agents.agents.knowledge import Knowledge
from lab_agents.agents.offers import Offer, Offers
from lab_agents.agents.settled import Settled
from lab_agents.agents.spending import Purse, Spending, find_purse
from lab_agents.messages.life import Timer
from lab_agents.records.autonomy import may_approve
from lab_agents.records.base import FrozenMap, Record, Sha256
from lab_agents.records.campaign import CampaignPlan
from lab_agents.records.control import is_control
from lab_agents.records.laboratory import Laboratory
from lab_agents.records.questions import RefusedCandidate
from lab_agents.settings import DEFAULT, Settings


class Pursuit(Record):
    """The open campaign as planning pursues it.

    `trouble` is why nothing more is asked until a person answers; `since` the entry that brought it. `batch` are the
    samples of the last proposal, `obstacle` why one of them could not be begun although it could be made, `n_fruitless`
    counts proposals in a row of which nothing could be begun. `ruin` is why no further sample can be
    paid for, and `n_unpaid` counts awards that lines declined as not paid for since some work ended. `retracted` is the
    last entry that retracted something.
    """

    plan: CampaignPlan
    granted: int = 0
    is_paused: bool = False
    is_closing: bool = False
    is_exhausted: bool = False
    spending: Spending = Spending()
    started_at: AwareDatetime
    ruin: str = ""
    n_unpaid: int = 0
    n_proposals: int = 0
    n_samples: int = 0
    batch: tuple[str, ...] = ()
    n_fruitless: int = 0
    obstacle: str = ""
    refused: tuple[RefusedCandidate, ...] = ()
    model: Sha256 | None = None
    retracted: int = 0
    asking: Job | None = None
    trouble: str = ""
    since: int = 0


class Redirection(Record):
    """The one line or station that a person wants for a piece of work, by an amendment of this version."""

    version: int
    line: str


class PlanningState(AgentState):
    """Everything planning knows. `settings` are the protocol's times, constant for a run of the software.

    Samples of which nothing more will come are counted in `settled`, and no longer among the `fates`; what was asked of
    them is in `tried`, as JSON. `known` is what the open campaign has learned: with `tried` all that grows with it.
    """

    settings: Settings = DEFAULT
    lab: Laboratory | None = None
    out: frozenset[str] = frozenset()
    offers: Offers = Offers()
    fates: FrozenMap[str, Fate] = Field(default_factory=dict)
    settled: Settled = Field(default_factory=dict)
    tried: FrozenMap[str, str] = Field(default_factory=dict)
    known: Knowledge = Knowledge()
    contests: FrozenMap[str, Contest] = Field(default_factory=dict)
    pursuit: Pursuit | None = None
    redirected: FrozenMap[str, Redirection] = Field(default_factory=dict)

    def jobs(self) -> tuple[Job, ...]:
        """The ask under way."""
        return () if self.pursuit is None or self.pursuit.asking is None else (self.pursuit.asking,)

    def timers(self) -> tuple[Timer, ...]:
        """Open windows and unanswered awards, in wall time."""
        timers = []
        for work, contest in self.contests.items():
            award, round_ = contest.award, contest.offer.round
            if contest.phase == "bidding":
                wall, since, what = self.settings.window, contest.offer.since, "window"
            elif contest.phase == "awarded" and award is not None and award.bound is not None and not award.withdrawn:
                wall, since, what = self.settings.accept, award.bound, "accept"
            else:
                continue
            timers.append(Timer(subject=work, purpose=f"{what}-{round_}", wall=wall, since=since))
        return tuple(timers)

    def owed(self) -> tuple[str, ...]:
        """Open windows and awards that bind and are not answered hold the simulated clock."""
        return tuple(f"{timer.purpose} of {timer.subject}" for timer in self.timers())

    def asked(self) -> tuple[str, ...]:
        """Approvals that no simulated person gives."""
        return tuple(f"approval of {work}" for work, contest in self.contests.items() if self._asks_people(contest))

    def _asks_people(self, contest: Contest) -> bool:
        """Whether an award waits for people alone: how long they think must cost a simulated laboratory no time."""
        award = contest.award
        if award is None or not award.awaits_approval or self.lab is None:
            return False
        return not any(may_approve(person, award.approvers) for person in self.lab.agents_of("person"))

    def waits(self) -> dict[str, str]:
        """Why work is not begun, and why nothing more is asked."""
        left = 0 if self.pursuit is None else self.pursuit.granted - self.n_spent
        reasons = {work: reason for work, c in self.contests.items() if (reason := _reason(c, self.pursuit, left))}
        if self.pursuit is not None and self.pursuit.trouble:
            reasons[self.pursuit.plan.name] = f"waiting for a person: {self.pursuit.trouble}"
        return reasons

    def purse(self, now: datetime) -> Purse | None:
        """What is left of the open campaign's budget at `now` (laboratory time); None where only samples count."""
        pursuit = self.pursuit
        if pursuit is None or self.lab is None:
            return None
        spent, began = pursuit.spending, pursuit.started_at
        return find_purse(pursuit.plan.budget, spent, self.lab.prices, began, now, self.contests.values())

    def able(self, offer: Offer) -> tuple[str, ...]:
        """The declared agents that are asked to bid for a piece of work."""
        plan = self.offers.plans.get(offer.campaign)
        if self.lab is None or plan is None:
            return ()
        wanted = self.redirected.get(offer.work)
        if offer.kind == "make":
            lines = self.lab.agents_of("synthesis")
            able = tuple(line for line in lines if not plan.lines or line in plan.lines)
        else:
            stations = self.lab.agents_of("characterization")
            able = tuple(s for s in stations if self.lab.agents[s].settings.get("kind") == offer.measurement)
        return able if wanted is None else tuple(bidder for bidder in able if bidder == wanted.line)

    @property
    def turns(self) -> dict[str, int]:
        """How many works each line and station may have under way."""
        lab = self.lab
        bidders = () if lab is None else (*lab.agents_of("synthesis"), *lab.agents_of("characterization"))
        return {} if lab is None else {b: max(1, int(lab.agents[b].settings.get("in_flight", 1))) for b in bidders}

    @property
    def n_spent(self) -> int:
        """Samples of the budget that were begun or are awarded."""
        awarded = sum(
            c.phase == "awarded" and c.offer.kind == "make" and not is_control(c.offer.sample)
            for c in self.contests.values()
        )
        return awarded + sum(fate.is_spent for fate in self.fates.values()) + sum(self.settled.values())


def _reason(contest: Contest, pursuit: Pursuit | None, left: int) -> str:
    """Why a contest does not move on, in words for people; `left` samples of the budget may still be begun."""
    award = contest.award
    if contest.phase == "bidding":
        return f"offered: waiting for bids of {', '.join(contest.silent)}"
    if contest.phase == "waiting":
        return f"waiting (no able bidder alive): {', '.join(contest.silent) or 'nobody'} did not answer"
    if contest.phase == "held":
        if pursuit and pursuit.is_paused:
            return "waiting: the campaign is paused"
        is_unpaid = left <= 0 and contest.offer.kind == "make"
        return "waiting for budget" if is_unpaid else f"waiting: {' or '.join(sorted(contest.bids))} has its hands full"
    if contest.phase == "awarded" and award is not None:
        needs = award.needs_approval and award.bound is None
        whose = f"the approval of {' or '.join(award.approvers)}" if award.approvers else "an approval"
        wanted = f"{whose} ({award.asked_because})" if needs else "its answer"
        return f"awarded to {award.bidder}: waiting for {wanted}"
    return ""
