"""Tasks under way, as supervision watches them: one that lasts longer than what was learned of its acts is a ticket.

Supervision learns durations from every task in the log. A task is overdue `GRACE` after the 99th percentile of what is
expected of it; that instant is an announced timer of laboratory time, so nothing is polled, and the simulated clock
stops there and nowhere else on the way to the end of a program that hangs.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from pydantic import AwareDatetime, Field

from lab_agents.agents.learning import PRIOR_SPREAD, SPREAD_WEIGHT, Duration, Experience, learn_durations, programmed
from lab_agents.agents.pauses import PAUSE_KINDS, Pause, Pauses, follow_pauses
from lab_agents.messages.course import CampaignFinished, CampaignPaused, CampaignResumed
from lab_agents.messages.frames import Logged
from lab_agents.messages.life import Timer, TimerRang
from lab_agents.messages.work import ReservationRefused, ReservationReleased, TaskDone, TaskFailed, TaskStarted
from lab_agents.records.base import FrozenMap, Record, with_item, without_item
from lab_agents.records.laboratory import Laboratory
from lab_agents.records.quantities import Seconds
from lab_agents.records.recipe import Act, Argument, Task
from lab_agents.records.ticket import Trouble

STALL_KINDS = PAUSE_KINDS | {"TaskStarted", "TaskDone", "TaskFailed", "ReservationRefused", "ReservationReleased"}
OVERDUE = "overdue"
"""Purpose of a timer whose subject is a task, with the attempt behind it."""
GRACE: Seconds = 15.0
"""After the 99th percentile: long enough for a step of a clock and a slow start, short enough for 30 s to a ticket."""
Z99 = 2.3263478740408408
"""The 99th percentile of the standard normal distribution."""
REMEDIES = ("seen", "close the campaign")
"""Look at the instrument and let it go on, or make no more samples. Whoever halts the instrument ends the task too."""


class UnderWay(Record):
    """A task that was begun, by the entry at `position`. `expected` and `longest` are what was known of it then.

    `told` is the position of the entry that made it a ticket, 0 before. From `held_at` on a pause may keep it waiting,
    and nobody can say when it is overdue.
    """

    task: Task
    campaign: str | None
    position: int
    begun_at: AwareDatetime
    expected: Seconds
    longest: Seconds
    told: int = 0
    held_at: AwareDatetime | None = None

    @property
    def purpose(self) -> str:
        """The purpose of its timer."""
        return f"{OVERDUE}-{self.task.attempt}"

    @property
    def timer(self) -> Timer:
        """When it is overdue."""
        return _timer(self.task.id, self.purpose, self.begun_at + timedelta(seconds=self.longest + GRACE))


@lru_cache(4096)
def _timer(subject: str, purpose: str, due: datetime) -> Timer:
    """One object for one instant: those of all tasks under way are asked for with every entry."""
    return Timer(subject=subject, purpose=purpose, due=due)


class Stalls(Record):
    """Tasks under way by id, and what was learned of the durations of all before them."""

    running: FrozenMap[str, UnderWay] = Field(default_factory=dict)
    experience: Experience = Experience()
    pauses: Pauses = Field(default_factory=dict)

    @property
    def timers(self) -> tuple[Timer, ...]:
        """When each of them is overdue."""
        return tuple(one.timer for one in self.running.values() if not one.told and one.held_at is None)


def follow_stalls(stalls: Stalls, logged: Logged, lab: Laboratory | None, me: str) -> Stalls:
    """The tasks under way after an entry."""
    body = logged.entry.record
    match body:
        case TaskStarted(task=task):
            pause = stalls.pauses.get(logged.entry.campaign or "")
            begun = _hold(_begun(stalls.experience, task, logged, lab), pause, logged.entry.at)
            return stalls.model_copy(update={"running": with_item(stalls.running, task.id, begun)})
        case TaskDone(task=name, results=results) if name in stalls.running:
            learned = learn_durations(stalls.experience, stalls.running[name].task.acts, results)
            return stalls.model_copy(update={"running": without_item(stalls.running, name), "experience": learned})
        case TaskDone(task=name) | TaskFailed(task=name) if name in stalls.running:
            return stalls.model_copy(update={"running": without_item(stalls.running, name)})
        case ReservationRefused(work=work) | ReservationReleased(work=work):
            left = {name: one for name, one in stalls.running.items() if one.task.work != work}
            return stalls if len(left) == len(stalls.running) else stalls.model_copy(update={"running": left})
        case TimerRang() if find_overdue(stalls, logged, me) is not None:
            told = stalls.running[logged.entry.subject].model_copy(update={"told": logged.position})
            return stalls.model_copy(update={"running": with_item(stalls.running, told.task.id, told)})
        case CampaignPaused() | CampaignResumed() | CampaignFinished():
            return _follow_pause(stalls, logged)
        case _:
            return stalls


def _follow_pause(stalls: Stalls, logged: Logged) -> Stalls:
    """What a pause may keep waiting is not overdue before it ends, and so much later after it."""
    pauses, name = follow_pauses(stalls.pauses, logged), logged.entry.campaign
    pause = pauses.get(name or "")
    running = {
        task: _hold(_release(one, logged.entry.at), pause, logged.entry.at) if one.campaign == name else one
        for task, one in stalls.running.items()
    }
    return stalls.model_copy(update={"pauses": pauses, "running": running})


def _hold(one: UnderWay, pause: Pause | None, at: datetime) -> UnderWay:
    """The task as a pause leaves it: one that was begun before may have a single act, which ends by itself."""
    if pause is None or not pause.holds(is_chained=one.task.not_after is not None):
        return one
    ends_by_itself = len(one.task.acts) == 1 and one.position < pause.since
    return one if ends_by_itself else one.model_copy(update={"held_at": at})


def _release(one: UnderWay, at: datetime) -> UnderWay:
    if one.held_at is None:
        return one
    return one.model_copy(update={"held_at": None, "begun_at": one.begun_at + (at - one.held_at)})


def find_overdue(stalls: Stalls, logged: Logged, me: str) -> UnderWay | None:
    """The task that this ring of an own timer says is overdue, or None."""
    body = logged.entry.record
    if not isinstance(body, TimerRang) or logged.seal.source != me:
        return None
    late = stalls.running.get(logged.entry.subject)
    return late if late is not None and body.purpose == late.purpose and not late.told else None


def told_of_ended(before: Stalls, after: Stalls) -> tuple[int, ...]:
    """Of the tasks that an entry ended, the positions at which they became tickets."""
    if before.running is after.running:
        return ()
    return tuple(one.told for name, one in before.running.items() if one.told and name not in after.running)


def stall_trouble(late: UnderWay) -> Trouble:
    """What to tell of a task that lasts too long."""
    task = late.task
    instruments = ", ".join(task.instruments)
    return Trouble(
        what=f"{task.owner} has been at {task.name} of {task.sample} on {instruments} for longer than it ever takes",
        evidence={
            "task": task.id,
            "attempt": str(task.attempt),
            "instruments": instruments,
            "tokens": ", ".join(task.tokens)[:500],
            "begun": late.begun_at.isoformat(timespec="seconds"),
            "expected": f"{late.expected:.0f} s",
            "99 % end within": f"{late.longest:.0f} s",
        },
        remedies=REMEDIES,
        default=REMEDIES[0],
    )


def _begun(experience: Experience, task: Task, logged: Logged, lab: Laboratory | None) -> UnderWay:
    settings = lab.agents[task.owner].settings if lab is not None and task.owner in lab.agents else {}
    return UnderWay(
        task=task,
        campaign=logged.entry.campaign,
        position=logged.position,
        begun_at=logged.entry.at,
        expected=sum(experience.expect_act(act, settings) for act in task.acts),
        longest=longest_duration(experience, task.acts, settings),
    )


def longest_duration(experience: Experience, acts: Sequence[Act], settings: Mapping[str, Argument]) -> Seconds:
    """The 99th percentile of how long acts last one after the other, as well as it is known.

    What comes on top of programmed times is lognormal for each act; their sum is taken as the lognormal of the same
    mean and variance [Fenton1960]. That the spread was learned from few acts widens it as Student's t does.

    Args:
        experience: What was learned, of all acts of a plan wherever they ran.
        acts: In their order.
        settings: Of the agent, for priors.

    Returns:
        Seconds of laboratory time; never less than the programs themselves.

    [Fenton1960] L. Fenton, IRE Trans. Commun. Syst. 8, 57.
    """
    means, variances, least = [], [], math.inf
    for act in acts:
        known = experience.durations.get(act.plan, Duration(mean=0.0))
        weight = known.n + SPREAD_WEIGHT
        mean = experience.expect(act.plan, settings)
        # The mean is known from n acts and one of the prior: what is drawn next scatters around both.
        spread = (known.log_squares + SPREAD_WEIGHT * PRIOR_SPREAD**2) / weight * (1 + 1 / (known.n + 1))
        means.append(mean)
        variances.append(mean**2 * math.expm1(spread))
        least = min(least, weight)
    fixed, mean = math.fsum(programmed(act) for act in acts), math.fsum(means)
    if mean <= 0:
        return fixed
    sigma2 = math.log1p(math.fsum(variances) / mean**2)
    return fixed + mean * math.exp(student99(least) * math.sqrt(sigma2) - sigma2 / 2)


def student99(freedom: float) -> float:
    """The 99th percentile of Student's t with at least 4 degrees of freedom, to 0.03 [Abramowitz1964, 26.7.5].

    [Abramowitz1964] Abramowitz and Stegun, Handbook of Mathematical Functions.
    """
    z = Z99
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3
