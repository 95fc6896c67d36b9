"""What the display knows: the campaign's account, and how every process stands, all heard, nothing polled."""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta

from pydantic import ValidationError

from lab_agents.bus.protocol import Message
from lab_agents.display.gauges import GaugeBoard
from lab_agents.display.standings import Standings
from lab_agents.messages.frames import AgentStatus, GuardStatus, Head, Logged, Tick
from lab_agents.messages.topics import Topics
from lab_agents.report.account import Account
from lab_agents.report.outlook import OUTLOOK_KINDS, Outlook, PauseTeller
from lab_agents.report.sample_account import SampleAccount
from lab_agents.report.telling import Teller
from lab_agents.report.truth import Truth
from lab_agents.report.wording import until_text


class Scene:
    """Folds log entries and statuses; safe to draw at any moment.

    `is_resting` says that the laboratory is being put to rest in order: a guard that is gone then is no alarm.

    Args:
        topics: The laboratory's topics.
        truth: The recorded table behind a replayed laboratory, for the regret; None where there is none.
    """

    def __init__(self, topics: Topics, truth: Truth | None = None) -> None:
        self._topics, self.truth = topics, truth
        self._teller = Teller(keeps_details=False)
        self._standings = Standings(truth)
        self.gauges = GaugeBoard(topics)
        self.agents: dict[str, AgentStatus] = {}
        self.guards: dict[str, GuardStatus] = {}
        self.tick: Tick | None = None
        self.head: Head | None = None
        self._pauses = PauseTeller()
        self.began = time.monotonic()
        self.notice = ""
        self.is_resting = False

    @property
    def account(self) -> Account:
        """The campaign as told so far."""
        return self._teller.account

    def take_entry(self, logged: Logged) -> None:
        """Take the next log entry."""
        before = self.account
        self._teller.take(logged)
        if self.account is not before and (plan := self.account.plan) is not None:
            self._standings = Standings(self.truth, len(plan.measurements) - 1)
        for sample in self._teller.touched:
            self._standings.note(sample)
        if logged.entry.kind in OUTLOOK_KINDS:
            self._pauses.take(logged)

    def hear(self, message: Message) -> None:
        """Take a status from the bus; what is none is passed over, because anybody may publish nonsense."""
        self.gauges.hear(message)
        parsed = self._topics.parse(message.topic)
        if parsed is None:
            return
        try:
            self._take_status(*parsed, message.payload)
        except ValidationError:
            return

    def _take_status(self, name: str, parts: Mapping[str, str], payload: bytes) -> None:
        laboratory = self.account.laboratory
        if name == "agent_status":
            status = AgentStatus.model_validate_json(payload)
            known = self.agents.get(status.agent)
            is_declared = laboratory is None or status.agent in laboratory.agents
            if status.agent == parts["source"] and is_declared and (known is None or status.epoch >= known.epoch):
                self.agents[status.agent] = status
        elif name == "guard_status":
            guard = GuardStatus.model_validate_json(payload)
            is_declared = laboratory is None or guard.machine in laboratory.machines
            if guard.machine == parts["machine"] and is_declared:
                self.guards[guard.machine] = guard
        elif name == "clock":
            self.tick = Tick.model_validate_json(payload)
        elif name == "head":
            self.head = Head.model_validate_json(payload)

    @property
    def pause(self) -> Outlook | None:
        """When the campaign is still, where it is paused."""
        return self._pauses.outlook(self.agents, self.lab_now)

    @property
    def lab_now(self) -> datetime | None:
        """Laboratory time as last heard."""
        return self.tick.now if self.tick is not None else self.account.last_at

    @property
    def lab_elapsed(self) -> timedelta:
        """Laboratory time since the campaign began."""
        now, start = self.lab_now, self.account.started_at
        return now - start if now is not None and start is not None else timedelta()

    @property
    def wall_elapsed(self) -> timedelta:
        """Wall time since this display began."""
        return timedelta(seconds=time.monotonic() - self.began)

    @property
    def best(self) -> SampleAccount | None:
        """The best sample so far; where constraints must hold, the best hit."""
        return self.nearest if self._standings.has_hit else None

    @property
    def nearest(self) -> SampleAccount | None:
        """The best, or while nothing is a hit, the sample that most probably meets the constraints."""
        leader = self._standings.leader
        return None if leader is None else self.account.samples[leader]

    @property
    def regret(self) -> float | None:
        """Distance of the best made from the best recorded material; None where no truth is known."""
        return self._standings.regret

    @property
    def counts(self) -> dict[str, int]:
        """Samples by how far they are."""
        return dict(self._standings.counts)

    @property
    def open_tickets(self) -> list[str]:
        """Each open ticket as one line, with how to answer it."""
        return [
            f"{id_}: {t.ticket.trouble.what} (answers: {', '.join(t.ticket.trouble.remedies) or 'any'}"
            f"{until_text(t.ticket.deadline, t.ticket.trouble.default)})"
            for id_, t in self.account.tickets.items()
            if not t.answer
        ]

    @property
    def awaited_approvals(self) -> list[str]:
        """Each award that waits for an approval as one line, with how to give it."""
        account = self.account
        space = account.plan.space if account.plan is not None else None
        return [f"{a.to_text(space)}: {a.command}" for a in account.approvals.waiting.values()]

    @property
    def alarms(self) -> list[str]:
        """What a person should see at once: a latch, a lost or held process, a recorder that refuses."""
        lines = []
        for machine, guard in sorted(self.guards.items()):
            if guard.latched:
                lines.append(f"{machine} is STOPPED by {guard.latched}; re-arm with: lab-agents rearm {guard.latched}")
            if not guard.alive and not self.is_resting:
                lines.append(f"{machine}: its guard is gone; lab-agents resume starts one")
            lines += [f"{machine}: {child} is held: {why}" for child, why in sorted(guard.held.items())]
            lines += [f"{machine}: {child} keeps ending: {why}" for child, why in sorted(guard.failing.items())]
            lines += [f"{machine}: {child} is silent" for child in guard.lost]
        lines += [f"{a} is stuck: {s.stuck}" for a, s in sorted(self.agents.items()) if s.stuck]
        if self.head is not None and self.head.refusing:
            lines.append(f"the recorder appends nothing: {self.head.refusing}")
        return lines
