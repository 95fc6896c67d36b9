"""Folding the log into an account, entry by entry; the live display folds the same way while it runs."""

from collections.abc import Callable, Iterable
from typing import Any

from lab_agents.errors import ReportError
from lab_agents.messages import course, life, work
from lab_agents.messages.frames import Logged
from lab_agents.records.recipe import ActResult, Task
from lab_agents.report.account import Account, CheckAccount, Span, TicketAccount, campaigns_in, spans_of
from lab_agents.report.sample_account import SampleAccount
from lab_agents.report.shelf import Shelf

DETAILS: tuple[type[Any], ...] = (
    *(work.BidMade, work.BidRefused, course.WorkAwarded, work.TaskStarted, work.TaskDone, course.ModelTrained),
)
"""What nine tenths of an account's memory are made of: bids, awards, acts and models."""


class Teller:
    """Takes entries in order and keeps the account of one campaign.

    Without a name it follows whatever campaign started last. Entries before a campaign's start count only for what
    they say of the laboratory (its file, versions, births).

    Args:
        campaign: Its name.
        keeps_details: Whether the account tells how each sample came about (`DETAILS`), as a report does; a display
            that follows a campaign of thousands of samples needs none of it, and its samples are put away.
    """

    def __init__(self, campaign: str | None = None, *, keeps_details: bool = True) -> None:
        self._shelf = None if keeps_details else Shelf()
        self.account = Account(samples={} if self._shelf is None else self._shelf)
        self._campaign = campaign
        self._tasks: dict[str, Task] = {}
        self._takers: dict[type[Any], Callable[[Any, Logged], None]] = {
            life.LabOpened: self._lab,
            life.LabChanged: self._lab,
            life.AgentStarted: self._birth,
            life.TroubleMet: self._trouble,
            course.CampaignStarted: self._start,
            course.CampaignClosing: self._closing,
            course.CampaignFinished: self._finished,
            course.BudgetGranted: self._granted,
            course.ProposalMade: self._proposal,
            course.WorkAwarded: self._award,
            course.ObservationMade: self._observation,
            course.MeasurementConcluded: self._concluded,
            course.ObservationRetracted: self._retraction,
            course.ControlJudged: self._verdict,
            course.ModelTrained: self._model,
            course.TicketOpened: self._ticket,
            course.TicketClosed: self._answer,
            course.StopRecorded: self._stop,
            work.BidMade: self._bid,
            work.BidRefused: self._refusal,
            work.TaskStarted: self._task,
            work.TaskDone: self._task_done,
            work.TaskFailed: self._task_failed,
            work.SampleMade: self._made,
            work.SampleQuarantined: self._quarantined,
            work.MeasurementTaken: self._measured,
        }
        for kind in () if keeps_details else DETAILS:
            del self._takers[kind]

    @property
    def touched(self) -> tuple[SampleAccount, ...]:
        """The samples of which the last entry told something, where samples are put away."""
        return () if self._shelf is None else self._shelf.at_hand

    def take(self, logged: Logged) -> None:
        """Take the next entry."""
        account, entry = self.account, logged.entry
        if self._shelf is not None:
            self._shelf.put_away()
        account.n_entries += 1
        ours = account.plan is not None and not account.is_complete
        body = entry.record
        if ours:
            account.last_at, account.wall_last_at = entry.at, logged.seal.recorded_at
        if ours or isinstance(body, life.LabOpened | life.LabChanged | life.AgentStarted | course.CampaignStarted):
            account.approvals.take(logged)
            taker = self._takers.get(type(body))
            if taker is not None:
                taker(body, logged)

    def _lab(self, body: life.LabOpened | life.LabChanged, _logged: Logged) -> None:
        self.account.laboratory, self.account.lab_version = body.laboratory, body.version
        self._version("laboratory", body.version)

    def _birth(self, body: life.AgentStarted, _logged: Logged) -> None:
        self.account.births[body.agent] = self.account.births.get(body.agent, 0) + 1
        self._version(body.agent, body.version)

    def _version(self, what: str, version: str) -> None:
        self.account.versions.setdefault(what, set()).add(version)

    def _start(self, body: course.CampaignStarted, logged: Logged) -> None:
        if self._campaign not in (None, body.plan.name):
            return
        old = self.account
        self._shelf = None if self._shelf is None else Shelf()
        self.account = Account(
            samples={} if self._shelf is None else self._shelf,
            laboratory=old.laboratory,
            lab_version=old.lab_version,
            plan=body.plan,
            person=body.person,
            started_at=logged.entry.at,
            wall_started_at=logged.seal.recorded_at,
            last_at=logged.entry.at,
            wall_last_at=logged.seal.recorded_at,
            births=old.births,
            versions=old.versions,
            n_entries=old.n_entries,
        )

    def _closing(self, body: course.CampaignClosing, _logged: Logged) -> None:
        self.account.closing, self.account.is_early = body.reason, body.is_early

    def _finished(self, body: course.CampaignFinished, _logged: Logged) -> None:
        self.account.finished = body

    def _granted(self, body: course.BudgetGranted, _logged: Logged) -> None:
        self.account.granted = body.samples

    def _proposal(self, body: course.ProposalMade, logged: Logged) -> None:
        proposal, plan = body.proposal, self.account.plan
        if plan is None:
            return
        for candidate in proposal.candidates:
            self.account.samples[candidate.sample] = SampleAccount(
                candidate, proposal.number, proposal.planner, proposal.model, plan.target, {"proposed": logged.position}
            )

    def _of_work(self, work_id: str) -> SampleAccount | None:
        """The sample that a piece of work is about; measuring work names it between its word and its number."""
        word, _, name = work_id.partition("-")
        return self.account.samples.get(name if word == "make" else name.rpartition("-")[0])

    def _bid(self, body: work.BidMade, _logged: Logged) -> None:
        if sample := self._of_work(body.bid.work):
            sample.bids.append(body)

    def _refusal(self, body: work.BidRefused, _logged: Logged) -> None:
        if sample := self._of_work(body.work):
            sample.refusals.append(body)

    def _award(self, body: course.WorkAwarded, logged: Logged) -> None:
        if sample := self._of_work(body.work):
            sample.awards.append(body)
            sample.positions[f"awarded {body.work}"] = logged.position

    def _task(self, body: work.TaskStarted, logged: Logged) -> None:
        self._tasks[body.task.id] = body.task
        first = body.task.acts[0]
        self.account.spans.append(
            Span(first.instrument, body.task.name, body.task.owner, body.task.sample, logged.entry.at, None)
        )

    def _end(self, task_id: str, results: tuple[ActResult, ...]) -> Task | None:
        """Put the acts of an ended task in the place of its running span."""
        task = self._tasks.pop(task_id, None)
        if task is None:
            return None
        spans = self.account.spans
        spans[:] = [s for s in spans if s.ended_at is not None or s.sample != task.sample or s.owner != task.owner]
        spans.extend(spans_of(task, results))
        return task

    def _task_done(self, body: work.TaskDone, _logged: Logged) -> None:
        self._end(body.task, body.results)

    def _task_failed(self, body: work.TaskFailed, logged: Logged) -> None:
        task = self._end(body.task, body.results)
        if task is not None and len(body.results) < len(task.acts):
            act = task.acts[len(body.results)]
            at = logged.entry.at
            self.account.spans.append(Span(act.instrument, act.plan, task.owner, task.sample, at, at, ok=False))
        self.account.failures.append((logged.position, body))

    def _made(self, body: work.SampleMade, logged: Logged) -> None:
        if sample := self.account.samples.get(body.sample.id):
            sample.sample = body.sample
            sample.positions["made"] = logged.position
        elif body.sample.kind != "candidate":
            self._check(body.sample.id, body.sample.kind).sample = body.sample

    def _check(self, name: str, kind: str = "") -> CheckAccount:
        """What is measured and was not proposed; standards are declared by the laboratory, the rest says its kind."""
        laboratory = self.account.laboratory
        standards = {s.name: s.kind for s in laboratory.standards} if laboratory is not None else {}
        return self.account.checks.setdefault(name, CheckAccount(name, kind or standards.get(name, "control")))

    def _quarantined(self, body: work.SampleQuarantined, _logged: Logged) -> None:
        # A task that failed and was tried again spoiled nothing; the cause that did stands in the reason.
        causes = (f.cause for _, f in reversed(self.account.failures) if f.sample == body.sample)
        if sample := self.account.samples.get(body.sample):
            sample.failure = sample.failure or next((c for c in causes if c in body.reason), body.reason)

    def _measured(self, body: work.MeasurementTaken, logged: Logged) -> None:
        if sample := self.account.samples.get(body.measurement.sample):
            sample.measurements.append(body.measurement)
            sample.positions["measured"] = logged.position
        else:
            self._check(body.measurement.sample).measurements.append(body.measurement)

    def _observation(self, body: course.ObservationMade, logged: Logged) -> None:
        observation = body.observation
        self._version(f"analysis {observation.analysis}", observation.version)
        sample = self.account.samples.get(observation.sample)
        if sample is None:
            self._check(observation.sample).observations.append((logged.entry.at, observation))
            return
        sample.observations[observation.property] = observation
        sample.retracted.pop(observation.property, None)
        sample.positions["observed"] = logged.position
        # A campaign of one measurement is concluded by its observation; others by their last word.
        steps = {m.step for m in sample.measurements if m.id == observation.measurement}
        self._order(sample, steps if self._n_steps == 1 else set())

    def _concluded(self, body: course.MeasurementConcluded, _logged: Logged) -> None:
        if sample := self.account.samples.get(body.sample):
            sample.unread |= {unread.property: unread.reason for unread in body.unread}
            self._order(sample, {body.step})

    @property
    def _n_steps(self) -> int:
        return len(self.account.plan.measurements) if self.account.plan is not None else 1

    def _order(self, sample: SampleAccount, steps: set[int]) -> None:
        """Note what is concluded of a sample; concluded as a whole, it stands behind those that were before it."""
        observed, last = self.account.observed, self._n_steps - 1
        if last in steps and last not in sample.steps and sample.id in observed:
            observed.remove(sample.id)
        sample.steps |= steps
        if sample.is_observed and sample.id not in observed:
            observed.append(sample.id)

    def _verdict(self, body: course.ControlJudged, logged: Logged) -> None:
        self.account.verdicts.append((logged.entry.at, body))

    def _retraction(self, body: course.ObservationRetracted, _logged: Logged) -> None:
        for number in body.proposals:
            self.account.misled.setdefault(number, []).append(body.measurement)
        if sample := self.account.samples.get(body.sample):
            gone = [name for name, seen in sample.observations.items() if seen.measurement == body.measurement]
            for name in gone:
                del sample.observations[name]
                sample.retracted[name] = body.reason

    def _model(self, body: course.ModelTrained, logged: Logged) -> None:
        self.account.models.append((logged.position, body.model))
        self._version(f"planner {body.model.planner}", body.model.version)

    def _ticket(self, body: course.TicketOpened, logged: Logged) -> None:
        self.account.tickets[body.ticket.id] = TicketAccount(body.ticket, logged.entry.at)

    def _answer(self, body: course.TicketClosed, _logged: Logged) -> None:
        if ticket := self.account.tickets.get(body.ticket):
            ticket.answer, ticket.person = body.answer, body.person

    def _trouble(self, body: life.TroubleMet, logged: Logged) -> None:
        self.account.troubles.append((logged.position, logged.seal.source, body))

    def _stop(self, body: course.StopRecorded, _logged: Logged) -> None:
        self.account.stops.append(body)


def tell(entries: Iterable[Logged], campaign: str | None = None) -> Account:
    """The account of a campaign, by default the last that started.

    Raises:
        ReportError: If no such campaign stands in the log; the message names those that do.
    """
    kept = tuple(entries)
    known = campaigns_in(kept)
    if not known:
        raise ReportError("No campaign was started in this laboratory yet. Start one: lab-agents run FILE.")
    if campaign is not None and campaign not in known:
        raise ReportError(f"There is no campaign {campaign!r} in the log. Known are {', '.join(known)}.")
    teller = Teller(campaign)
    for logged in kept:
        teller.take(logged)
    return teller.account
