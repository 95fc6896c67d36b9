"""When a paused campaign is still: told from the log by what is under way, and by what agents say of themselves.

The log says which tasks have begun and which chains must run to their end before all is still; how long that takes is
expected from what was learned of earlier acts. That a task stands between two acts only its agent knows, by its status.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from pydantic import AwareDatetime

from lab_agents.agents.courses import COURSE_KINDS, Course, Courses, filled_acts, follow_courses
from lab_agents.agents.pauses import PAUSE_KINDS, Pause
from lab_agents.agents.stalls import STALL_KINDS, Stalls, UnderWay, follow_stalls
from lab_agents.agents.withholding import chain_of
from lab_agents.messages.course import CampaignPaused
from lab_agents.messages.frames import AgentStatus, Logged
from lab_agents.messages.life import LabChanged, LabOpened
from lab_agents.messages.work import TaskDone, TaskFailed
from lab_agents.records.base import Record
from lab_agents.records.laboratory import Laboratory

OUTLOOK_KINDS = COURSE_KINDS | STALL_KINDS | PAUSE_KINDS | {"LabOpened", "LabChanged"}
"""What must be read to know when a paused campaign is still."""
_NOBODY = AgentStatus(agent="", epoch=0, alive=False)


class Holder(Record):
    """Who keeps a paused campaign from being still, by what, and until about when (laboratory time; None: unknown)."""

    agent: str
    what: str
    until: AwareDatetime | None = None

    @property
    def text(self) -> str:
        """For people."""
        return f"{self.agent} {self.what}" + (f" until about {_time(self.until)}" if self.until else "")


class Outlook(Record):
    """A pause: since when the campaign is still, or else when it will be and who keeps it; all in laboratory time."""

    campaign: str
    reason: str
    paused_at: AwareDatetime
    still_since: AwareDatetime | None
    still_at: AwareDatetime | None
    holders: tuple[Holder, ...]

    @property
    def when(self) -> str:
        """Since when or at about when it is still, for people."""
        if self.still_since is not None:
            return f"still since {_time(self.still_since)}"
        return f"still at about {_time(self.still_at)}" if self.still_at else "not still yet"


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


class PauseTeller:
    """Takes entries of `OUTLOOK_KINDS` in order; others change nothing."""

    def __init__(self) -> None:
        self._lab: Laboratory | None = None
        self._followed: dict[str, Courses] = {}
        self._stalls = Stalls()
        self._reason = ""
        self._last_at: datetime | None = None
        self._ended_at: datetime | None = None

    def take(self, logged: Logged) -> None:
        """Take the next entry."""
        body, self._last_at = logged.entry.record, logged.entry.at
        if isinstance(body, LabOpened | LabChanged):
            self._lab = body.laboratory
            for service in self._lab.agents_of("service"):
                self._followed.setdefault(service, {})
        if isinstance(body, CampaignPaused):
            self._reason = body.reason
        if isinstance(body, TaskDone | TaskFailed):
            self._ended_at = logged.entry.at
        # Every course has a service that lends its places.
        self._followed = {name: follow_courses(known, logged, name) for name, known in self._followed.items()}
        self._stalls = follow_stalls(self._stalls, logged, self._lab, "")

    def outlook(self, agents: Mapping[str, AgentStatus], now: datetime | None = None) -> Outlook | None:
        """When the paused campaign is still; None where none is paused.

        Args:
            agents: The newest status of each agent.
            now: Laboratory time; without it that of the last entry.
        """
        paused, at = next(iter(self._stalls.pauses.items()), None), now or self._last_at
        if paused is None or at is None:
            return None
        name, pause = paused
        # A course is followed by each service that owns a step of it.
        courses = {work: c for known in self._followed.values() for work, c in known.items() if c.campaign == name}
        working = [h for _, c in sorted(courses.items()) if (h := self._holder(c, agents, at)) is not None]
        holders = (*working, *self._unaware(agents, pause))
        ends = [holder.until for holder in holders if holder.until is not None]
        return Outlook(
            campaign=name,
            reason=self._reason,
            paused_at=pause.at,
            still_since=None if holders else self._still_since(pause, agents.values()),
            still_at=max(ends, default=None),
            holders=holders,
        )

    def _holder(self, course: Course, agents: Mapping[str, AgentStatus], now: datetime) -> Holder | None:
        """Who works for a course before it rests; None where it does already."""
        ahead = list(chain_of(course, self._stalls.pauses))
        task = self._stalls.running.get(course.task_id)
        owner = course.present.owner
        status = agents.get(owner, _NOBODY)
        is_chained = bool(ahead) and ahead[0].step == course.step
        if task is None and not is_chained:
            return None
        if task is not None and not is_chained and task.task.id in status.withheld:
            return None
        what = f"has {course.present.name} of {course.sample} under way"
        end = now if task is None else max(now, self._end_of(task, status, is_whole=is_chained))
        following = [c for c in ahead if task is None or c.step > course.step]
        if following:
            what += f", then {', '.join(c.present.name for c in following)}"
        if task is None:
            what = f"is next with {', '.join(c.present.name for c in following)} of {course.sample}"
        if not status.alive:
            what += " (it does not answer)"
        return Holder(agent=owner, what=what, until=end + sum((self._lasts(c) for c in following), timedelta()))

    def _end_of(self, task: UnderWay, status: AgentStatus, *, is_whole: bool) -> datetime:
        """When the act under way is expected to end, or the whole task."""
        moving = {motion.token for motion in status.motions}
        at = next((number for number, token in enumerate(task.task.tokens) if token in moving), 0)
        acts = task.task.acts if is_whole else task.task.acts[: at + 1]
        settings = self._settings(task.task.owner)
        expected = sum(self._stalls.experience.expect_act(act, settings) for act in acts)
        return task.begun_at + timedelta(seconds=expected)

    def _lasts(self, course: Course) -> timedelta:
        settings = self._settings(course.present.owner)
        acts = filled_acts(course, self._lab)
        return timedelta(seconds=sum(self._stalls.experience.expect_act(act, settings) for act in acts))

    def _settings(self, agent: str) -> Mapping[str, float | int | str]:
        return {} if self._lab is None or agent not in self._lab.agents else self._lab.agents[agent].settings

    def _unaware(self, agents: Mapping[str, AgentStatus], pause: Pause) -> tuple[Holder, ...]:
        """Living agents with instruments that may not have read of the pause, and might begin something."""
        declared = {} if self._lab is None else self._lab.agents
        return tuple(
            Holder(agent=name, what="has not read of the pause yet")
            for name, agent in sorted(declared.items())
            if agent.instruments and name in agents and agents[name].alive and agents[name].position < pause.since
        )

    def _still_since(self, pause: Pause, agents: Iterable[AgentStatus]) -> datetime:
        stopped = [at for status in agents for at in status.withheld.values() if at is not None]
        return max([pause.at, *stopped, *([] if self._ended_at is None else [self._ended_at])])
