"""A laboratory in one thread: every behaviour, one totally ordered log, a toy world, a clock that jumps.

The order in which agents handle entries, submit, and finish jobs is drawn from a seed, so each agent follows the log at
its own pace. Every entry travels as JSON. The recorder refuses nothing but checks that an entry of a known id is the
same decision, and that its kind may be published by its source's role.
"""

import hashlib
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

from lab_agents.agents.analysis import Analysis
from lab_agents.agents.behaviour import AgentState, AnyBehaviour, Draft, Job, JobOutcome
from lab_agents.agents.characterization import Characterization
from lab_agents.agents.decisions import concerns, decision_id, heeds, step
from lab_agents.agents.learning import TIMED
from lab_agents.agents.person import SimulatedPerson
from lab_agents.agents.planning import Planning
from lab_agents.agents.service import Service
from lab_agents.agents.supervision import Supervision
from lab_agents.agents.synthesis import Synthesis
from lab_agents.agents.training import Training
from lab_agents.messages.course import TicketClosed
from lab_agents.messages.entry import KINDS, Body, Entry, read_entry
from lab_agents.messages.frames import Logged, Seal
from lab_agents.messages.life import EntryRefused, LabOpened, Timer, TimerRang
from lab_agents.records.campaign import Budget, CampaignPlan, PlannerChoice
from lab_agents.records.laboratory import Laboratory
from lab_agents.records.model import TrainedModel
from lab_agents.records.observation import Observation
from lab_agents.records.proposal import Proposal, ProposedCandidate
from lab_agents.records.questions import (
    AnalyseArguments,
    AskArguments,
    Exhausted,
    Found,
    ReadStandardArguments,
    Remeasure,
    StandardReading,
    TrainArguments,
    sample_id,
)
from lab_agents.records.recipe import Act, ActResult, Task
from lab_agents.records.space import Candidate, DesignSpace, Parameter
from lab_agents.records.stock import read_volumes
from lab_agents.records.target import Target
from simulators.hands import Tray, find_trays

START = datetime(2026, 1, 1, tzinfo=UTC)
MATERIALS = ("PCE10", "P3HT", "PCBM", "oIDTBR")
SECONDS = {
    "new_vial": 10.0,
    "dose": 15.0,
    "coat": 60.0,
    "transfer": 30.0,
    "soak": 3600.0,
    "mix": 300.0,
    "spin": 60.0,
    "anneal": 600.0,
    "scan": 900.0,
    "spectrum": 90.0,
    "illuminate": 30.0,
    "sweep": 120.0,
}
"""Laboratory time of each act; one that says how long its program lasts takes that much longer."""
ROLES = {
    "planning": Planning,
    "synthesis": Synthesis,
    "characterization": Characterization,
    "service": Service,
    "analysis": Analysis,
    "training": Training,
    "supervision": Supervision,
    "person": SimulatedPerson,
}
WORKERS = ("synthesis", "characterization", "service")


def laboratory(n_rack: int = 96, **changes: object) -> Laboratory:
    """The declared replay laboratory, with the agents that every laboratory has."""
    declared = yaml.safe_load(Path("deployment/labs/opv_replay.yaml").read_text())
    for role in ("planning", "analysis", "training", "supervision", "person"):
        declared["agents"].setdefault(role, {"role": role})
    declared["racks"][0]["count"] = n_rack
    return Laboratory.model_validate_json(json.dumps(declared | changes))


def plan(n: int = 6, batch: int = 2, seed: int = 0, **changes: object) -> CampaignPlan:
    """A campaign over the simplex of four materials."""
    fields: dict[str, object] = {
        "name": "opv",
        "target": Target(property="degradation", direction="minimize"),
        "space": DesignSpace(
            parameters=tuple(Parameter(name=m, lower=0.0, upper=1.0) for m in MATERIALS), simplices=(tuple(MATERIALS),)
        ),
        "budget": Budget(samples=n),
        "batch": batch,
        "planner": PlannerChoice(),
        "measurements": ("transmission_trace",),
        "seed": seed,
        "content": "0" * 64,
    }
    return CampaignPlan(**(fields | changes))


def sha(text: str) -> str:
    """A content address."""
    return hashlib.sha256(text.encode()).hexdigest()


# Jobs.


def ask(question: AskArguments) -> Proposal | Exhausted:
    """Random blends: some with zeros, some with a share that only line_a can dose."""
    rng = random.Random(question.seed)
    candidates = []
    for number in range(question.first_sample, question.first_sample + question.n):
        shares = [rng.choice([0.0, 0.02, rng.random(), rng.random()]) for _ in MATERIALS]
        shares[rng.randrange(4)] += 0.5
        values = {m: share / sum(shares) for m, share in zip(MATERIALS, shares, strict=True)}
        candidates.append(
            ProposedCandidate(sample=sample_id(question.campaign, number), candidate=Candidate(values=values))
        )
    return Proposal(
        number=question.number, planner="model", candidates=tuple(candidates), inputs=sha("ask"), seed=question.seed
    )


def analyse(question: AnalyseArguments) -> Found | Remeasure:
    """A made-up property of the blend as made."""
    measurement = question.measurement
    seen = Observation(
        sample=measurement.sample,
        measurement=measurement.id,
        property=question.property,
        value=sum(v * v for v in question.made.values.values()),
        deviation=0.01,
        unit=question.unit,
        made=question.made,
        raw=measurement.raw,
        analysis="model",
        version="0",
    )
    return Found(observations=(seen,))


def train(question: TrainArguments) -> TrainedModel:
    """A checkpoint that is the fingerprint of its samples."""
    mark = sha(",".join(o.sample for o in question.observations))
    return TrainedModel(
        planner="model",
        checkpoint=mark,
        fingerprint=mark,
        n_observations=len(question.observations),
        held_out=None,
        seed=question.seed,
        version="0",
    )


def read_standard(question: ReadStandardArguments) -> StandardReading:
    """An instrument that never drifts."""
    return StandardReading(values=dict.fromkeys(question.wanted, 1.0))


Fault = Callable[[Task, int], str]
"""What goes wrong with an act: "" nothing, "failed", "refused" (nothing moved), "lost" (a measurement's data are gone),
"unknown" (it happened), "unknown-not" (it did not)."""


@dataclass
class World:
    """What stands where, and every program that was ever executed; refuses what physics forbids."""

    stages: dict[str, str]
    fault: Fault = lambda task, act: ""
    standing: dict[str, str] = field(default_factory=dict)
    vials: dict[str, list[float]] = field(default_factory=dict)
    inks: dict[str, str] = field(default_factory=dict)
    executed: dict[str, ActResult] = field(default_factory=dict)
    n_soaks: dict[str, int] = field(default_factory=dict)
    drawn: dict[str, float] = field(default_factory=dict)
    loads: dict[str, float] = field(default_factory=dict)
    miscounts: float = 0.0

    def perform(self, task: Task, now: datetime) -> JobOutcome:
        """Carry out a whole task that begins now; a token that was executed is only answered."""
        results = []
        for number, act in enumerate(task.acts):
            token = task.token(number)
            if token not in self.executed:
                trouble = self._find_nothing(task, act) or self.fault(task, number)
                if trouble not in ("unknown-not", "failed", "refused", "blocked"):
                    self._execute(task, act)
                if trouble:
                    return JobOutcome(
                        ok=False,
                        results=tuple(results),
                        unknown=(token,) if trouble.startswith("unknown") else (),
                        moved=trouble not in ("refused", "blocked") or bool(results),
                        blocked=trouble == "blocked" and not results,
                        repeatable=trouble == "lost" and not results,
                        error=f"{act.plan} {trouble}",
                    )
                ends = now + timedelta(seconds=self.seconds(act))
                self.executed[token] = self._result(task, number, act, now, ends)
            result = self.executed[token]
            now = max(now, result.ended_at)
            results.append(result)
        return JobOutcome(ok=True, results=tuple(results))

    def n_done(self, task: Task) -> int:
        """How many of its acts were executed."""
        return sum(token in self.executed for token in task.tokens)

    def seconds(self, act: Act) -> float:
        """How long an act takes."""
        return SECONDS[act.plan] + (float(act.arguments["duration"]) if act.plan in TIMED else 0.0)

    def _find_nothing(self, task: Task, act: Act) -> str:
        """Clearing may come for something that is not there; any other transfer must find its sample."""
        is_there = self.standing.get(str(act.arguments.get("source"))) == task.sample
        return "blocked" if task.work.startswith("clear-") and not is_there else ""

    def _execute(self, task: Task, act: Act) -> None:
        if act.plan == "new_vial":
            self.vials[act.instrument] = []
        elif act.plan == "dose":
            self.vials[act.instrument].append(float(act.arguments["volume"]))
        elif act.plan == "coat":
            self._put(self.stages[act.instrument], task.sample)
        elif act.plan == "transfer":
            source, target = str(act.arguments["source"]), str(act.arguments["target"])
            assert self.standing.get(source) == task.sample, f"{task.id}: {source} holds {self.standing.get(source)}"
            del self.standing[source]
            self._put(target, task.sample)
        elif act.plan == "mix":
            volumes = read_volumes(str(act.arguments["volumes"]))
            # A vial that stands there is thrown away: whose ink it held finds out when it is to be spun.
            self.inks[str(act.arguments["vial"])] = task.sample
            self._use({act.instrument: sum(v > 0 for v in volumes.values()), **volumes})
        elif act.plan == "spin":
            vial = act.instrument.replace("spin", "vial")
            assert self.inks.pop(vial, None) == task.sample, f"{task.id}: the ink in {vial} is another one"
            self._put(self.stages[act.instrument], task.sample)
            self._use({act.instrument: 1.0})
        else:
            stage = self.stages[act.instrument]
            assert self.standing.get(stage) == task.sample, f"{task.id}: {stage} holds {self.standing.get(stage)}"
            self.n_soaks[task.sample] = self.n_soaks.get(task.sample, 0) + (act.plan == "soak")

    def _use(self, amounts: Mapping[str, float]) -> None:
        for holder, amount in amounts.items():
            self.drawn[holder] = self.drawn.get(holder, 0.0) + amount

    def count(self, tray: Tray) -> float:
        """What is in a tray or bottle."""
        left = tray.full - self.drawn.get(tray.holder, 0.0)
        assert left >= 0, f"{tray.holder} is {-left:g} short"
        return left

    def load(self, ticket: str, tray: Tray) -> float:
        """A person fills a tray, once for each ticket, and counts; at the share `miscounts` one too few."""
        if ticket not in self.loads:
            self.drawn[tray.holder] = 0.0
            wrong = random.Random(ticket).random() < self.miscounts
            self.loads[ticket] = tray.full - (1.0 if wrong and tray.holder == tray.instrument else 0.0)
        return self.loads[ticket]

    def _put(self, place: str, sample: str) -> None:
        assert place not in self.standing, f"{sample} to {place}, where {self.standing[place]} stands"
        self.standing[place] = sample

    def _result(self, task: Task, number: int, act: Act, now: datetime, ends: datetime) -> ActResult:
        token = task.token(number)
        readings: dict[str, float | int | str] = {}
        blobs = {"documents": sha(f"documents {token}")}
        if act.plan == "dose":
            readings = {"delivered": float(act.arguments["volume"]) * 1.01, "deviation": 0.1}
        if act.plan == "mix":
            readings = {"delivered": act.arguments["volumes"], "deviation": act.arguments["volumes"], "flagged": ""}
        if act.plan in ("spin", "anneal"):
            readings = dict(act.arguments)
        if act.plan in ("soak", "scan", "spectrum", "illuminate", "sweep"):
            blobs["raw"] = sha(f"raw {token}")
        return ActResult(
            act=number, token=token, run=token, readings=readings, blobs=blobs, started_at=now, ended_at=ends
        )

    def discard(self, sample: str) -> None:
        """A person takes a sample away, wherever it is."""
        self.standing = {place: other for place, other in self.standing.items() if other != sample}


def _bearing(state: AgentState) -> tuple[object, ...]:
    """What the clock goes by."""
    return state.jobs(), state.timers(), state.owed(), state.asked()


@dataclass
class Run:
    """One agent: its behaviour, state, place in the log, what it has not yet submitted, what it has concluded."""

    name: str
    behaviour: AnyBehaviour
    state: AgentState
    position: int = 0
    outbox: list[Entry] = field(default_factory=list)
    concluded: set[str] = field(default_factory=set)
    rung: set[Timer] = field(default_factory=set)
    moving: dict[str, tuple[Job, datetime, JobOutcome]] = field(default_factory=dict)
    is_alive: bool = True


class ModelLab:
    """The laboratory; `run` lets it work until nobody owes anything."""

    def __init__(self, lab: Laboratory, seed: int = 0, fault: Fault = lambda task, act: "") -> None:
        self.lab, self.rng, self.now = lab, random.Random(seed), START
        self.log: list[Logged] = []
        self.ids: dict[str, Logged] = {}
        self.sequences: dict[str, int] = {}
        stages = {"tester": "stage_t", "coater_a": "stage_a", "coater_b": "stage_b"}
        stages |= {p.instrument: p.name for p in lab.places if p.instrument is not None}
        self.world = World(stages, fault, standing={s.place: s.name for s in lab.standards})
        self.compute: dict[str, Callable[..., object]] = {"ask": ask, "analyse": analyse, "train": train}
        self.compute["read_standard"] = read_standard
        self.chance_of_early_timer = 0.0
        self.refuses: Callable[[str, Entry], bool] = lambda source, entry: False
        self.before_step: Callable[[ModelLab], None] = lambda model: None
        self.runs: dict[str, Run] = {}
        for name, declaration in lab.agents.items():
            behaviour = ROLES[declaration.role](name)
            self.runs[name] = Run(name, behaviour, behaviour.start())
        self.say("recorder", LabOpened(laboratory=lab, file="0" * 64, version="0"), lab.name)

    # The log.

    def say(self, source: str, body: Body, subject: str, campaign: str | None = None) -> None:
        """Append an entry of somebody who is no agent here."""
        number = self.sequences.get(source, 0) + 1
        self._append(
            source,
            self.make_entry(f"{source}/said/{number}", None, Draft(body=body, subject=subject, campaign=campaign)),
        )

    def make_entry(self, entry_id: str, cause: int | None, draft: Draft) -> Entry:
        """An entry as its source submits it."""
        kind = type(draft.body).__name__
        return Entry(
            id=entry_id,
            kind=kind,
            schema_version=KINDS[kind].version,
            at=self.now,
            campaign=draft.campaign,
            subject=draft.subject,
            cause=cause,
            not_after=draft.not_after,
            record=draft.body,
        )

    def _append(self, source: str, entry: Entry) -> None:
        if entry.id in self.ids:
            assert self.ids[entry.id].entry.same_as(entry), f"{entry.id} was decided differently"
            return
        self._check_role(source, entry)
        number = self.sequences.get(source, 0) + 1
        self.sequences[source] = number
        if self.refuses(source, entry):
            body = EntryRefused(source=source, sequence=number, reason="test", raw=sha(entry.id), refused_id=entry.id)
            self.say("recorder", body, source)
            return
        seal = Seal(
            log="model",
            position=len(self.log) + 1,
            chain="0" * 64,
            source=source,
            epoch=1,
            sequence=number,
            recorded_at=START,
        )
        logged = Logged(seal=seal, entry=read_entry(entry.to_bytes()))
        self.log.append(logged)
        self.ids[entry.id] = logged
        if isinstance(entry.record, TicketClosed) and entry.record.answer == "discard":
            self.world.discard(entry.subject)

    def _check_role(self, source: str, entry: Entry) -> None:
        publisher = KINDS[entry.kind].publisher
        role = self.lab.agents[source].role if source in self.lab.agents else "person"
        if source != "recorder" and publisher != "agent":
            assert publisher == ("worker" if role in WORKERS else role), f"{source} ({role}) publishes {entry.kind}"

    # One step of somebody.

    def run(self, n: int = 200_000) -> None:
        """Work until nobody owes anything and nothing is due."""
        for _ in range(n):
            self.before_step(self)
            actions = self._actions()
            if actions:
                self.rng.choice(actions)()
            elif not self._ring_wall() and not self._jump():
                return
        raise AssertionError(f"still busy after {n} steps: {self.waits()}")

    def _actions(self) -> list[Callable[[], None]]:
        actions: list[Callable[[], None]] = []
        for run in self.runs.values():
            if not run.is_alive:
                continue
            if run.position < len(self.log):
                actions.append(lambda run=run: self._follow(run))
            if run.outbox:
                actions.append(lambda run=run: self._append(run.name, run.outbox.pop(0)))
            actions.extend(self._job_actions(run))
        return actions

    def _job_actions(self, run: Run) -> list[Callable[[], None]]:
        actions: list[Callable[[], None]] = []
        for job in run.state.jobs():
            if job.id in run.concluded or job.id in run.moving or run.position < len(self.log):
                continue
            if job.task is not None and self._is_withheld(run, job, job.task):
                continue
            actions.append(lambda run=run, job=job: self._start(run, job))
        actions.extend(
            lambda run=run, job=job, outcome=outcome: self._conclude(run, job, outcome)
            for job, ends, outcome in run.moving.values()
            if ends <= self.now
        )
        for timer in run.state.timers():
            is_early = timer.wall is not None and self.rng.random() < self.chance_of_early_timer
            if timer not in run.rung and (is_early or (timer.due is not None and timer.due <= self.now)):
                actions.append(lambda run=run, timer=timer: self._ring(run, timer))
        return actions

    def _is_withheld(self, run: Run, job: Job, task: Task) -> bool:
        """Whether the next act must not begin; what is done already is only told."""
        number = self.world.n_done(task)
        return number < len(task.acts) and bool(run.state.withheld(job, number))

    def _follow(self, run: Run) -> None:
        """Handle some of the entries that are new to this agent."""
        for _ in range(self.rng.choice((1, 1, 3, 20))):
            if run.position == len(self.log):
                return
            logged = self.log[run.position]
            run.position += 1
            if concerns(run.name, run.behaviour, logged):
                before, taken = run.state, step(run.name, run.behaviour, run.state, logged)
                run.state = taken.state
                if not heeds(run.name, run.behaviour, before, taken.state, logged):
                    # Laboratory time may have gone on before this agent has read it.
                    why = f"{run.name} acts on {logged.entry.kind}, of which it is only told"
                    assert not taken.drafts, why
                    assert _bearing(before) == _bearing(taken.state), why
                run.outbox.extend(
                    self.make_entry(decision_id(run.name, logged.position, i), logged.position, draft)
                    for i, draft in enumerate(taken.drafts)
                )

    def _start(self, run: Run, job: Job) -> None:
        if job.kind == "compute":
            self._conclude(run, job, self._compute(job))
            return
        if job.kind in ("count", "load"):
            self._conclude(run, job, self._handle(job))
            return
        assert job.task is not None
        outcome = self.world.perform(self.part_to_do(job.task), self.now)
        ends = max((r.ended_at for r in outcome.results), default=self.now + timedelta(seconds=1))
        run.moving[job.id] = (job, ends, outcome)

    def part_to_do(self, task: Task) -> Task:
        """How much of a task is done in one go; where a pause may come between two acts, less than the whole."""
        return task

    def _handle(self, job: Job) -> JobOutcome:
        """Count what an instrument holds, or load it by hand."""
        asked = json.loads(job.arguments)
        tray = find_trays(self.lab)[asked["consumable"]]
        seen = self.world.count(tray) if job.kind == "count" else self.world.load(asked["ticket"], tray)
        return JobOutcome(ok=True, answer=json.dumps(seen))

    def _compute(self, job: Job) -> JobOutcome:
        models = {"ask": AskArguments, "analyse": AnalyseArguments, "train": TrainArguments}
        models["read_standard"] = ReadStandardArguments
        try:
            answer = self.compute[job.name](models[job.name].model_validate_json(job.arguments))
        except RuntimeError as error:
            return JobOutcome(ok=False, error=str(error))
        return JobOutcome(ok=True, answer=answer.model_dump_json())

    def _conclude(self, run: Run, job: Job, outcome: JobOutcome) -> None:
        run.moving.pop(job.id, None)
        if outcome.ok and job.task is not None and len(outcome.results) < len(job.task.acts):
            return  # the next act begins when it may
        run.concluded.add(job.id)
        run.outbox.extend(
            self.make_entry(f"{run.name}/{job.id}/{i}", job.cause, draft)
            for i, draft in enumerate(run.behaviour.conclude(job, outcome))
        )

    def _ring(self, run: Run, timer: Timer) -> None:
        run.rung.add(timer)
        when = timer.due.isoformat().replace("+", "-") if timer.due else f"since-{timer.since}"
        draft = Draft(body=TimerRang(purpose=timer.purpose, due=timer.due), subject=timer.subject)
        run.outbox.append(
            self.make_entry(f"{run.name}/timer/{timer.subject}/{timer.purpose}-{when}", timer.since, draft)
        )

    def _ring_wall(self) -> bool:
        """Nobody can do anything at once: waits in wall time end."""
        for run in self.runs.values():
            for timer in run.state.timers() if run.is_alive else ():
                if timer.wall is not None and timer not in run.rung:
                    self._ring(run, timer)
                    return True
        return False

    def _jump(self) -> bool:
        """To the next end of a program, or timer; only where the laboratory is at rest."""
        alive = [run for run in self.runs.values() if run.is_alive]
        owed = [o for run in alive for o in (*run.state.owed(), *run.state.asked())]
        assert not owed, f"nobody acts, but {owed} is owed"
        due = [ends for run in alive for _, ends, _ in run.moving.values()]
        due += [t.due for run in alive for t in run.state.timers() if t.due is not None and t not in run.rung]
        if not due:
            return False
        self.now = max(self.now, min(due))
        return True

    # Crashes.

    def crash(self, name: str) -> None:
        """Kill an agent whose journal is lost: state and outbox are made anew from the log, open jobs begin again."""
        run = self.runs[name]
        refused = {body.refused_id for body in self.bodies(EntryRefused)}
        state, outbox = run.behaviour.start(), []
        for logged in self.log[: run.position]:
            if not concerns(name, run.behaviour, logged):
                continue
            taken = step(name, run.behaviour, state, logged)
            state = taken.state
            entries = (
                self.make_entry(decision_id(name, logged.position, i), logged.position, d)
                for i, d in enumerate(taken.drafts)
            )
            for entry in entries:
                if entry.id in self.ids:
                    assert self.ids[entry.id].entry.same_as(entry), f"{entry.id} was decided differently"
                elif entry.id not in refused:
                    outbox.append(entry)
        assert state == run.state, f"{name} does not come back as it was"
        assert type(state).model_validate_json(state.model_dump_json()) == state
        decided = [e.id for e in run.outbox if e.id.removeprefix(f"{name}/").replace("/", "").isdigit()]
        assert [e.id for e in outbox] == decided, f"{name} would decide anew"
        self.runs[name] = Run(name, run.behaviour, state, run.position, outbox, is_alive=run.is_alive)

    # Looking.

    def bodies(self, *kinds: type[Body]) -> list[Body]:
        """The records of some kinds, in log order."""
        return [logged.entry.record for logged in self.log if isinstance(logged.entry.record, kinds)]

    def waits(self) -> dict[str, str]:
        """What anybody waits for, and why."""
        return {f"{run.name}: {what}": why for run in self.runs.values() for what, why in run.state.waits().items()}
