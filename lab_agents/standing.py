"""How a laboratory stands: what `lab-agents status` says."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, Field

from instruments.lab import read_laboratory
from lab_agents.agents.pauses import PAUSE_KINDS, UNPAUSED, Pauses, follow_pauses
from lab_agents.credentials import PEOPLE, access_of
from lab_agents.drills import DrillStanding, drill_standing
from lab_agents.errors import GuardError, ReportError, StateFolderError, StoreError
from lab_agents.guard_door import find_guard, guard_status
from lab_agents.hearing import Heard, hear_laboratory
from lab_agents.messages.frames import GuardStatus
from lab_agents.messages.topics import Topics
from lab_agents.notify.pending import ChannelState, read_states
from lab_agents.records.base import FrozenMap, Record
from lab_agents.records.campaign import CampaignPlan
from lab_agents.records.laboratory import Laboratory
from lab_agents.report.account import Account
from lab_agents.report.outlook import OUTLOOK_KINDS, Outlook, PauseTeller
from lab_agents.report.sample_account import SampleAccount
from lab_agents.report.target_words import plain_name
from lab_agents.report.telling import tell
from lab_agents.report.truth import Truth, regrets
from lab_agents.report.wording import composition_text, count, percent, until_text
from lab_agents.report.writing import find_truth
from lab_agents.state_folder import StateFolder, read_json
from lab_agents.stop_report import find_drilled
from lab_agents.store.reader import StoreReader, open_store


class ProcessStanding(Record):
    """One process: what it is, and its id where it lives."""

    name: str
    role: str
    pid: int | None
    note: str = ""


class TicketStanding(Record):
    """A ticket that waits for a person: after the `deadline` (wall time; None: it waits on) its `default` is taken."""

    ticket: str
    subject: str
    what: str
    answers: tuple[str, ...]
    default: str = ""
    deadline: AwareDatetime | None = None


class ApprovalStanding(Record):
    """An award that waits for a person: whose word counts (empty: anybody's), why it is asked, what to type."""

    work: str
    bidder: str
    approvers: tuple[str, ...]
    because: str
    text: str
    command: str


class WaitStanding(Record):
    """Something that waits, who knows it, and why."""

    subject: str
    agent: str
    reason: str


class CampaignStanding(Record):
    """A campaign and how far it is; `best` and `regret` in the target's unit, None while there is none.

    With constraints, `best` is the best hit (`hits` counts them) and `chance` the joint probability that its
    constraints hold; while there is none, `best_text` tells which sample comes nearest. `retracted` counts samples of
    which something no longer counts, `drifts` tells of controls that were out of control, and `misled` of each
    proposal, by its number, the measurements retracted since that the planner knew.
    """

    name: str
    state: Literal["running", "closing", "finished"]
    reason: str
    budget: int
    proposed: int
    made: int
    observed: int
    failed: int
    best_sample: str | None = None
    best: float | None = None
    best_deviation: float | None = None
    best_text: str = ""
    hits: int = 0
    chance: float | None = None
    has_constraints: bool = False
    regret: float | None = None
    retracted: int = 0
    drifts: tuple[str, ...] = ()
    misled: FrozenMap[str, tuple[str, ...]] = Field(default_factory=dict)


class Standing(Record):
    """How a laboratory stands.

    `guards` are machines with a living guard; `unattended` those that have none, or one that nobody would start again.
    `waits` and `refusing` (why the recorder appends nothing) are heard from the processes that run. `pause` says of a
    paused campaign since when it is still, or when it will be and who keeps it from that. `drill` is there where the
    lab file asks for drills. `channels` are the ways by which people outside are told. `unreadable` says why nothing of
    the log can be told; the rest is.
    """

    state: str
    lab: str
    head: int
    guards: FrozenMap[str, int]
    unattended: tuple[str, ...]
    latched: str | None
    instruments: FrozenMap[str, str]
    processes: tuple[ProcessStanding, ...]
    campaign: CampaignStanding | None
    tickets: tuple[TicketStanding, ...]
    approvals: tuple[ApprovalStanding, ...] = ()
    waits: tuple[WaitStanding, ...] = ()
    refusing: str | None = None
    pause: Outlook | None = None
    drill: DrillStanding | None = None
    channels: tuple[ChannelState, ...] = ()
    unreadable: str | None = None

    def to_text(self) -> str:
        """For people."""
        lines = [f"laboratory {self.lab} in {self.state}, {self.head} log entries"]
        lines += [self.unreadable] if self.unreadable else _campaign_lines(self.campaign)
        if self.pause is not None:
            lines.append(f"PAUSED by {self.pause.reason}: {self.pause.when}{', because' if self.pause.holders else ''}")
            lines += [f"  {holder.text}" for holder in self.pause.holders]
            lines.append(f"  lab-agents continue --state {self.state}")
        lines += self._stop_lines()
        for machine in self.unattended:
            why = "nobody would start it again" if machine in self.guards else "it does not run"
            lines.append(f"{machine}: guard unattended: lab-agents resume --state {self.state} ({why})")
        if self.processes:
            lines.append("processes")
            width = max(len(p.name) for p in self.processes)
            for p in self.processes:
                pid = "-" if p.pid is None else str(p.pid)
                lines.append(f"  {pid:>7}  {p.name:<{width}}  {p.role}{'  ' + p.note if p.note else ''}")
        if self.refusing:
            lines.append(f"the recorder appends nothing: {self.refusing}")
        asked = {approval.work for approval in self.approvals}
        lines += [f"{w.subject} ({w.agent}): {w.reason}" for w in self.waits if w.subject not in asked]
        for approval in self.approvals:
            lines += [approval.text, f"  {approval.command}    or: {approval.command} --deny --reason WHY"]
        for ticket in self.tickets:
            answers = " | ".join(ticket.answers) or "ANSWER"
            lines.append(f"ticket {ticket.ticket} about {ticket.subject}: {ticket.what}")
            lines.append(f"  lab-agents answer {ticket.ticket} {answers}{until_text(ticket.deadline, ticket.default)}")
        lines += [f"notifications by {channel.name}: {channel.text}" for channel in self.channels]
        return "\n".join(lines)

    def _stop_lines(self) -> list[str]:
        """The stop in force, and when the next one is to be tried."""
        lines = []
        if self.latched:
            lines.append(f"STOPPED by {self.latched}; re-arm with: lab-agents rearm {self.latched} --reason WHY")
            lines += [f"  {name}: {state}" for name, state in self.instruments.items()]
        if self.drill is not None:
            lines.append(self.drill.to_text())
        if self.drill is not None and self.drill.is_due:
            lines.append(f"  lab-agents drill --state {self.state}")
        return lines


def _campaign_lines(campaign: CampaignStanding | None) -> list[str]:
    if campaign is None:
        return ["no campaign was started yet"]
    state = campaign.state + (f" ({campaign.reason})" if campaign.reason else "")
    counts = f"{campaign.observed} concluded, {campaign.made} made, {campaign.failed} failed, budget {campaign.budget}"
    lines = [f"campaign {campaign.name}: {state}; {counts}"]
    if campaign.has_constraints:
        lines.append(f"  {count(campaign.hits, 'hit')}: samples that meet every constraint with the confidence wanted")
    if campaign.best_text:
        lines.append(f"  {'nearest' if campaign.best_sample is None else 'best'} {campaign.best_text}")
    if campaign.regret is not None:
        lines.append(f"  regret {campaign.regret:.3g} against the best recorded material")
    lines += [f"  out of control: {drift}" for drift in campaign.drifts]
    if campaign.retracted:
        marked = f"; known to the planner in proposal {', '.join(campaign.misled)}" if campaign.misled else ""
        spent = "made and spent, and no longer wholly known"
        lines.append(f"  {count(campaign.retracted, 'sample')} {spent}: conclusions were retracted{marked}")
    return lines


def standing_of(state: Path) -> Standing:
    """Look at a state folder, and ask the guards that live.

    Raises:
        StateFolderError: If it is no state folder.
    """
    folder = StateFolder.open(state)
    laboratory = read_laboratory(folder.lab_file)
    statuses, roles, pids, attended = _ask_guards(folder, laboratory.machines)
    heard = _hear(folder, laboratory) if pids else Heard()
    head, account, unreadable = _account(folder)
    latched = next((s.latched for s in statuses.values() if s.latched), None)
    instruments = {n: i.state for s in statuses.values() for n, i in s.instruments.items()} if latched else {}
    return Standing(
        state=str(folder.path),
        lab=laboratory.name,
        head=head,
        guards=pids,
        unattended=tuple(m for m in laboratory.machines if m not in attended),
        latched=latched,
        instruments=instruments,
        processes=_processes(pids, statuses, roles, {n: a.stuck for n, a in heard.agents.items() if a.stuck}),
        campaign=_campaign(account, find_truth(folder, account)) if account is not None else None,
        tickets=_tickets(account),
        approvals=_approvals(account),
        waits=tuple(
            WaitStanding(subject=subject, agent=name, reason=reason)
            for name, status in sorted(heard.agents.items())
            for subject, reason in sorted(status.waits.items())
        ),
        refusing=heard.head.refusing if heard.head is not None else None,
        pause=_pause(folder, heard) if account is not None else None,
        drill=_drill(folder, laboratory),
        channels=read_states(folder.pending_notices, laboratory.notifications),
        unreadable=unreadable,
    )


def _drill(folder: StateFolder, laboratory: Laboratory) -> DrillStanding | None:
    if laboratory.drills is None:
        return None
    drilled = (find_drilled(folder.guard(machine)) for machine in laboratory.machines)
    return drill_standing(laboratory.drills, tuple(drilled), datetime.now(UTC))


def _pause(folder: StateFolder, heard: Heard) -> Outlook | None:
    """When a paused campaign is still; the whole log is read for it only where one is paused."""
    pauses: Pauses = UNPAUSED
    with StoreReader(folder.store) as reader:
        for logged in reader.entries(PAUSE_KINDS):
            pauses = follow_pauses(pauses, logged)
        teller = PauseTeller()
        for logged in reader.entries(OUTLOOK_KINDS) if pauses else ():
            teller.take(logged)
    return teller.outlook(heard.agents)


def _hear(folder: StateFolder, laboratory: Laboratory) -> Heard:
    try:
        url = str(read_json(folder.runtime)["broker"])
    except (StateFolderError, KeyError):
        return Heard()  # the guard is only just starting the broker
    return asyncio.run(
        hear_laboratory(url, Topics(laboratory.name), laboratory.agents, access=access_of(laboratory, PEOPLE))
    )


def _ask_guards(
    folder: StateFolder, machines: tuple[str, ...]
) -> tuple[dict[str, GuardStatus], dict[str, str], dict[str, int], set[str]]:
    """Statuses, roles by child, process ids, and who is attended; only guards of this machine can be asked."""
    statuses: dict[str, GuardStatus] = {}
    roles: dict[str, str] = {}
    pids: dict[str, int] = {}
    attended: set[str] = set()
    for machine in machines:
        pid = find_guard(folder, machine)
        if pid is None:
            continue
        pids[machine] = pid
        try:
            answer = asyncio.run(guard_status(folder, machine))
        except GuardError:
            continue
        # Through JSON, because records are strict and what comes from a socket is text.
        statuses[machine] = GuardStatus.model_validate_json(_json(answer["status"]))
        roles |= answer["roles"]
        attended |= {machine} if answer["attended"] else set()
    return statuses, roles, pids, attended


def _json(value: object) -> bytes:
    from pydantic_core import to_json

    return to_json(value)


def _processes(
    pids: dict[str, int], statuses: dict[str, GuardStatus], roles: dict[str, str], stuck: dict[str, str]
) -> tuple[ProcessStanding, ...]:
    found = [ProcessStanding(name=f"guard {m}", role="guard", pid=p) for m, p in pids.items()]
    running = {name: pid for s in statuses.values() for name, pid in s.children.items()}
    held = {name: why for s in statuses.values() for name, why in s.held.items()}
    lost = {name for s in statuses.values() for name in s.lost}
    for name, role in roles.items():
        note = f"held: {held[name]}" if name in held else "silent" if name in lost else stuck.get(name, "")
        found.append(ProcessStanding(name=name, role=role, pid=running.get(name), note=note))
    return tuple(found)


def _account(folder: StateFolder) -> tuple[int, Account | None, str | None]:
    """Position of the newest entry, what the log tells, and why it cannot be read where it cannot."""
    try:
        store = open_store(folder.store)
        if store is None:
            return 0, None, None
        with store as reader:
            head, _ = reader.head()
            try:
                return head, tell(reader.entries()), None
            except ReportError:
                return head, None, None
    except StoreError as error:
        return 0, None, str(error)


def _campaign(account: Account, truth: Truth | None) -> CampaignStanding | None:
    plan = account.plan
    if plan is None:
        return None
    best, nearest = next(iter(account.best(1)), None), next(iter(account.leading(1)), None)
    value = best.objective if best is not None else None
    samples, observed = account.samples.values(), account.observed_samples()
    return CampaignStanding(
        name=plan.name,
        state="finished" if account.is_complete else "closing" if account.closing else "running",
        reason=account.finished.reason if account.finished is not None else account.closing,
        budget=plan.budget.samples,
        proposed=len(samples),
        made=sum(s.sample is not None for s in samples),
        observed=len(account.concluded_samples()),
        failed=sum(bool(s.failure) for s in samples),
        best_sample=best.id if best is not None else None,
        best=value.value if value is not None else None,
        best_deviation=value.deviation if value is not None else None,
        best_text=_told(nearest, plan) if nearest is not None else "",
        hits=len(account.hits()) if plan.target.constraints else 0,
        chance=best.chance if best is not None and plan.target.constraints else None,
        has_constraints=bool(plan.target.constraints),
        regret=regrets(observed, truth)[-1] if truth is not None and observed else None,
        retracted=account.n_retracted,
        drifts=tuple(f"{v.sample}: {v.property} breaks rule {v.rule}" for v in account.drifts),
        misled={str(number): tuple(gone) for number, gone in sorted(account.misled.items())},
    )


def _told(sample: SampleAccount, plan: CampaignPlan) -> str:
    """A sample with its objective, its chance where there are constraints, and what it is made of."""
    value = sample.objective
    chance = f", chance {percent(sample.chance)}" if plan.target.constraints else ""
    made = composition_text(sample.made_values or {}, plan.space)
    return f"{plain_name(plan.target.property)} {value.text if value else '?'}{chance}: {sample.id} ({made})"


def _approvals(account: Account | None) -> tuple[ApprovalStanding, ...]:
    if account is None:
        return ()
    space = account.plan.space if account.plan is not None else None
    return tuple(
        ApprovalStanding(
            work=award.work,
            bidder=award.bidder,
            approvers=award.approvers,
            because=award.because,
            text=award.to_text(space),
            command=award.command,
        )
        for award in account.approvals.waiting.values()
    )


def _tickets(account: Account | None) -> tuple[TicketStanding, ...]:
    if account is None:
        return ()
    return tuple(
        TicketStanding(
            ticket=id_,
            subject=t.ticket.subject,
            what=t.ticket.trouble.what,
            answers=t.ticket.trouble.remedies,
            default=t.ticket.trouble.default,
            deadline=t.ticket.deadline,
        )
        for id_, t in account.tickets.items()
        if not t.answer
    )
