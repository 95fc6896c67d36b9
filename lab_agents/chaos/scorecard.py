"""The scorecard: what a laboratory under faults lost, repeated, said it did not know, and how soon it worked again."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from lab_agents import __version__
from lab_agents.audit import audit
from lab_agents.auditing.evidence import Evidence, gather
from lab_agents.auditing.ledger import Ledger, read_ledger
from lab_agents.auditing.report import AuditReport
from lab_agents.benchmarks.kills import Recovery
from lab_agents.benchmarks.machine import measure_load, name_machine
from lab_agents.chaos.faults import FAULTS
from lab_agents.chaos.plan import ChaosPlan
from lab_agents.chaos.running import NightOfChaos
from lab_agents.messages import commands, course, work
from lab_agents.messages.entry import Body
from lab_agents.messages.frames import Logged
from lab_agents.records.base import Record
from lab_agents.report.account import Account
from lab_agents.report.sample_account import SampleAccount
from lab_agents.report.telling import tell
from lab_agents.store.reader import StoreReader

B = TypeVar("B", bound=Body)

HELP = (
    commands.AnswerTicket,
    commands.GiveApproval,
    commands.DenyApproval,
    commands.EntryVoided,
    commands.ResumeCampaign,
    commands.RetractObservation,
)
"""What a person does because the laboratory waits for one; beginning and ending a campaign is none of it."""


class FaultLine(Record):
    """One kind of fault: how often it was planned (None: drawn) and given (None: not counted), and why less often."""

    fault: str
    what: str
    planned: int | None
    given: int | None
    note: str = ""


class TicketLine(Record):
    """How often a person was told the same thing."""

    what: str
    n: int


class RecoveryLine(Record):
    """Wall seconds from one kind of blow on one kind of process to working again; `n_missing` never did in time."""

    fault: str
    target: str
    n: int
    n_missing: int
    p50: float | None
    p95: float | None
    worst: float | None


class Promise(Record):
    """One promise: what is promised, whether it was kept, what was found."""

    promise: str
    is_kept: bool
    found: str


class Scorecard(Record):
    """One night of chaos, counted.

    Attributes:
        lost: Actuations that the log calls done and that never moved, samples begun of which the log says nothing
            more, measurements that nobody judged, raw data that are gone.
        repeated: Actuations that moved more than once, and samples or measurements that stand twice.
        unknown: Actuations that the log says it does not know the end of.
        n_samples: Candidates whose making an agent accepted.
        n_completed: Of these, those that were made, measured and concluded.
        n_spoiled: Of these, those that failed or were quarantined, each with its reason in the log.
        interventions: What a person (real or simulated) had to decide; loading trays and bottles is `loads`.
        machine: Where it ran; recoveries are its own, and those of `load`, the machine's over the last 15 minutes.
    """

    name: str
    campaign: str
    lab: str
    seed: int
    software: str
    written_at: str
    machine: str
    load: float
    seconds: float
    n_entries: int
    n_ordered: int
    n_moved: int
    lost: int
    repeated: int
    unknown: int
    quarantined: int
    tickets: int
    n_samples: int
    n_completed: int
    n_spoiled: int
    interventions: int
    interventions_per_100_samples: float
    loads: int
    told: tuple[TicketLine, ...]
    faults: tuple[FaultLine, ...]
    recoveries: tuple[RecoveryLine, ...]
    promises: tuple[Promise, ...]

    @property
    def is_kept(self) -> bool:
        """Whether every promise was kept."""
        return all(promise.is_kept for promise in self.promises)


@dataclass(frozen=True)
class Tally:
    """What a state folder says of itself, whoever struck it; the fields are those of `Scorecard`."""

    audited: AuditReport
    account: Account
    entries: tuple[Logged, ...]
    begun: tuple[SampleAccount, ...]
    lost: int
    repeated: int

    @property
    def unknown(self) -> int:
        """Actuations that the log says it does not know the end of."""
        return self.audited.n_unknown

    @property
    def n_moved(self) -> int:
        """Actuations that moved, by the ledger."""
        return self.audited.n_moved or 0

    @property
    def agrees(self) -> bool:
        """Whether log, ledger, raw data and documents agree."""
        return self.audited.agrees


def tally(state: Path) -> Tally:
    """Count what the last campaign of a state folder lost and repeated, from its log and its ledger.

    Raises:
        StoreError: If there is no log to count.
        ReportError: If no campaign was started.
    """
    audited = audit(state)
    with StoreReader(state / "store.sqlite") as reader:
        entries = tuple(reader.entries())
        evidence = gather(reader.sealed())
    ledger = read_ledger(state / "simulator" / "ledger.jsonl") or Ledger()
    account = tell(entries)
    begun = tuple(s for s in account.samples.values() if f"make-{s.id}" in evidence.accepted)
    lost = count_lost(evidence, ledger, audited, begun, is_finished=account.is_complete)
    return Tally(audited, account, entries, begun, lost, count_repeated(evidence, ledger))


def score(plan: ChaosPlan, state: Path, chaos: NightOfChaos) -> Scorecard:
    """Count one night.

    Args:
        plan: What was planned.
        state: The state folder that it left.
        chaos: What was done.

    Raises:
        StoreError: If there is no log to count.
        ReportError: If no campaign was started.
    """
    counted = tally(state)
    audited, entries, begun = counted.audited, counted.entries, counted.begun
    helped = sum(isinstance(logged.entry.record, HELP) for logged in entries)
    return Scorecard(
        name=plan.name,
        campaign=plan.campaign.plan.name,
        lab=plan.laboratory.name,
        seed=plan.seed,
        software=__version__,
        written_at=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        machine=name_machine(),
        load=measure_load(),
        seconds=round(chaos.night.seconds, 1),
        n_entries=audited.head,
        n_ordered=audited.n_ordered,
        n_moved=counted.n_moved,
        lost=counted.lost,
        repeated=counted.repeated,
        unknown=counted.unknown,
        quarantined=len({r.sample for r in records(entries, work.SampleQuarantined)}),
        tickets=len(list(records(entries, course.TicketOpened))),
        n_samples=len(begun),
        n_completed=sum(s.is_observed for s in begun),
        n_spoiled=sum(bool(s.failure) and not s.is_observed for s in begun),
        interventions=helped,
        interventions_per_100_samples=round(100 * helped / max(1, len(begun)), 2),
        loads=len(list(records(entries, work.ConsumableLoaded))),
        told=ticket_lines(entries),
        faults=tuple(fault_lines(plan, chaos)),
        recoveries=tuple(recovery_lines(plan, chaos.night.recoveries)),
        promises=tuple(_promises(counted, chaos)),
    )


def ticket_lines(entries: Iterable[Logged]) -> tuple[TicketLine, ...]:
    """What people were told, the most frequent first."""
    told = Counter(body.ticket.trouble.what for body in records(entries, course.TicketOpened))
    return tuple(TicketLine(what=what, n=n) for what, n in told.most_common())


def records(entries: Iterable[Logged], kind: type[B]) -> Iterator[B]:
    """The records of one kind."""
    for logged in entries:
        if isinstance(logged.entry.record, kind):
            yield logged.entry.record


def count_lost(
    evidence: Evidence, ledger: Ledger, audited: AuditReport, begun: Sequence[SampleAccount], *, is_finished: bool
) -> int:
    """See `Scorecard.lost`; what is still under way is not lost while the campaign is open."""
    never = sum(one.fate == "done" and one.token not in ledger.by_token for one in evidence.ordered.values())
    forgotten = sum(not (s.is_observed or s.failure or s.unread or s.retracted) for s in begun) if is_finished else 0
    unjudged = [f for c in audited.checks if c.name == "observations" for f in c.findings if "never" in f.what]
    gone = [f for c in audited.checks if c.name in ("log", "blobs") for f in c.findings]
    return never + forgotten + len(unjudged) + len(gone)


def count_repeated(evidence: Evidence, ledger: Ledger) -> int:
    """See `Scorecard.repeated`: each time beyond the first counts."""
    moved = sum(len(lines) - 1 for lines in ledger.by_token.values())
    taken = sum(len(found) - 1 for found in evidence.measurements.values())
    made = sum(len(found) - 1 for found in evidence.samples.values())
    return moved + taken + made


def fault_lines(plan: ChaosPlan, chaos: NightOfChaos) -> Iterable[FaultLine]:
    """Every fault of the plan with how often it was given."""
    given = Counter(r.blow.how for r in chaos.night.recoveries if r.is_given)
    refusals = {r.blow.how: r.refusal for r in chaos.night.recoveries if r.refusal}
    for fault in dict.fromkeys(fault.fault for fault in plan.faults):
        kind = FAULTS[fault]
        if kind.manner == "network":
            yield FaultLine(fault=fault, what=kind.what, planned=None, given=chaos.messages.get(kind.setting, 0))
        elif kind.manner == "instrument":
            # A slow program and a lost answer are older than the count that the hardware keeps.
            count = None if kind.targets == "nothing" else chaos.instruments.get(kind.setting, 0)
            yield FaultLine(fault=fault, what=kind.what, planned=None, given=count)
        else:
            planned, n = chaos.planned.get(fault, 0), given[fault]
            note = refusals.get(fault, "" if n == planned else "the campaign had ended before the rest")
            yield FaultLine(fault=fault, what=kind.what, planned=planned, given=n, note=note)


def recovery_lines(plan: ChaosPlan, recoveries: Sequence[Recovery]) -> Iterable[RecoveryLine]:
    """Recoveries by fault and by role."""
    roles = {name: agent.role for name, agent in plan.laboratory.agents.items()}
    found: dict[tuple[str, str], list[float | None]] = {}
    for recovery in (r for r in recoveries if r.is_given):
        target = roles.get(recovery.blow.name, recovery.blow.name.rstrip("_0123456789"))
        found.setdefault((recovery.blow.how, target), []).append(recovery.seconds)
    for (fault, target), seconds in sorted(found.items()):
        known = sorted(s for s in seconds if s is not None)
        yield RecoveryLine(
            fault=fault,
            target=target,
            n=len(seconds),
            n_missing=len(seconds) - len(known),
            p50=_percentile(known, 50),
            p95=_percentile(known, 95),
            worst=_percentile(known, 100),
        )


def _percentile(ordered: Sequence[float], share: float) -> float | None:
    """The smallest value with at least `share` percent of the values at or below it."""
    return round(ordered[max(0, math.ceil(share / 100 * len(ordered)) - 1)], 2) if ordered else None


def _promises(counted: Tally, chaos: NightOfChaos) -> Iterable[Promise]:
    night, audited, account = chaos.night, counted.audited, counted.account
    missing = [f"{r.blow.how} {r.blow.name}" for r in night.recoveries if r.is_given and r.seconds is None]
    findings = [f"{c.name}: {f.subject} {f.what}" for c in audited.checks for f in c.findings]
    ended = f"exit code {night.code}; {account.closing or 'not closed'}"
    for promise, is_kept, found in (
        ("nothing is lost", counted.lost == 0, f"{counted.lost} lost"),
        ("nothing is done twice", counted.repeated == 0, f"{counted.repeated} repeated"),
        ("log, ledger, raw data and documents agree", audited.agrees, "; ".join(findings[:5]) or "no finding"),
        ("what is uncertain is said to be so", audited.n_in_flight == 0, f"{counted.unknown} said to be unknown"),
        ("the campaign ends by itself", account.is_complete and night.code in (0, 6), ended),
        ("whatever was struck works again", not missing, "; ".join(missing[:5]) or "all of it"),
        ("no process is left behind", not night.left, "; ".join(night.left[:5]) or "none"),
    ):
        yield Promise(promise=promise, is_kept=is_kept, found=found)
