"""A campaign of the thin-film laboratory as a log, told without its processes.

Films of the simulated world, with raw records as its instruments would give them, and conclusions drawn by a seed about
what is true.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import numpy as np

from instruments.lab import find_laboratory
from lab_agents.blobs import DirectoryBlobs
from lab_agents.messages import course, life, work
from lab_agents.messages.entry import Body, Entry
from lab_agents.messages.frames import GENESIS, Header, Logged, Seal
from lab_agents.records.bid import Bid
from lab_agents.records.campaign import Budget, CampaignPlan, PlannerChoice
from lab_agents.records.laboratory import AgentDeclaration, InstrumentDeclaration, Laboratory
from lab_agents.records.measurement import Measurement
from lab_agents.records.observation import Observation, Unread
from lab_agents.records.proposal import Prediction, Proposal, ProposedCandidate
from lab_agents.records.recipe import Act, ActResult, Recipe, Step, Task
from lab_agents.records.sample import AsMade, Sample
from lab_agents.records.space import Candidate, DesignSpace, Parameter
from lab_agents.records.target import Constraint, Target
from lab_agents.records.ticket import Ticket, Trouble
from lab_agents.state_folder import StateFolder
from lab_agents.store.projections import project
from lab_agents.store.writer import LogWriter, Offered, SourceState
from simulators.signals.diffraction import DiffractionScan, DiffractometerState, pattern, silicon_pattern
from simulators.signals.lamp import LampState, SoakScan, soak
from simulators.signals.probe import ProbeScan, ProbeState, sheet
from simulators.signals.raw_record import to_bytes
from simulators.signals.transmission import SpectrometerState, SpectrumScan, spectrum
from simulators.world.absorber import World
from simulators.world.film_state import Composition, FilmState, Process

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
STATIONS = {
    "spectrum": ("spectrometer", "uvvis", 2.0),
    "pattern": ("diffractometer", "xrd", 15.0),
    "soak": ("soaker", "lamp_1", 30.0),
    "sheet": ("prober", "probe", 2.0),
}
"""Kind of measurement → agent, instrument, minutes."""
MEASUREMENTS = ("spectrum", "pattern", "soak", "spectrum", "sheet")
DEVIATIONS = {"gap": 0.006, "perovskite_fraction": 0.006, "gap_shift": 0.004, "kept": 0.008}
UNITS = {"gap": "eV", "gap_shift": "eV", "sheet_resistance": "ohm/sq"}

TARGET = Target(
    property="lead",
    direction="minimize",
    parameter="pb",
    constraints=(
        Constraint(property="gap", lower=1.33, upper=1.37, unit="eV"),
        Constraint(property="perovskite_fraction", lower=0.95),
        Constraint(property="gap_shift", lower=-0.02, upper=0.02, unit="eV"),
        Constraint(property="kept", lower=0.90),
    ),
)
RANGES = {
    "cs": (0, 1, "1"), "fa": (0, 1, "1"), "ma": (0, 1, "1"), "pb": (0, 1, "1"), "sn": (0, 1, "1"), "i": (0.4, 1, "1"),
    "br": (0, 0.5, "1"), "cl": (0, 0.1, "1"), "anneal_temperature": (70, 150, "°C"), "anneal_time": (3, 45, "min"),
    "speed": (2000, 6000, "1/min"), "delay": (5, 30, "s"),
}  # fmt: skip
SPACE = DesignSpace(
    parameters=tuple(Parameter(name=n, lower=float(a), upper=float(b), unit=u) for n, (a, b, u) in RANGES.items()),
    simplices=(("cs", "fa", "ma"), ("pb", "sn"), ("i", "br", "cl")),
)


def address(text: str) -> str:
    """A content address made of a word."""
    return hashlib.sha256(text.encode()).hexdigest()


def plan(n: int) -> CampaignPlan:
    """The campaign, with a budget of n samples."""
    return CampaignPlan(
        name="absorber", target=TARGET, space=SPACE, budget=Budget(samples=n, hours=120.0), batch=4,
        planner=PlannerChoice(name="constrained", initial=min(8, n)), measurements=MEASUREMENTS, seed=1,
        content=address("absorber"),
    )  # fmt: skip


def laboratory() -> Laboratory:
    """Agents and instruments of the thin-film laboratory."""
    lines = {f"line_{x}": (f"spin_{x}", f"hotplate_{x}_1", f"hotplate_{x}_2") for x in "ab"}
    agents = {name: AgentDeclaration(role="synthesis", instruments=owned) for name, owned in lines.items()}
    for name, owned in (("handler", "handler"), ("robot", "robot")):
        agents[name] = AgentDeclaration(role="service", instruments=(owned,))
    for agent, instrument, _ in STATIONS.values():
        agents[agent] = AgentDeclaration(role="characterization", instruments=(instrument,))
    names = [i for a in agents.values() for i in a.instruments]
    instruments = {i: InstrumentDeclaration(driver="toy", address="toy://") for i in names}
    return Laboratory(name="thin_film", agents=agents, instruments=instruments)


@dataclass
class Told:
    """A film of the story."""

    number: int
    id: str
    values: dict[str, float]
    film: FilmState
    soaked: FilmState
    truth: dict[str, float | None]


class AbsorberTelling:
    """Collects what happens with its time, and puts it in order at the end."""

    def __init__(self, n: int, blobs: DirectoryBlobs, seed: int = 1) -> None:
        self.n, self.blobs, self.plan = n, blobs, plan(n)
        self.rng, self.world = np.random.default_rng(seed), World(seed=7)
        self.told: list[tuple[datetime, int, Body, str, str]] = []
        self.free: dict[str, datetime] = {}

    def say(self, at: datetime, body: Body, source: str, subject: str = "x") -> None:
        """Something happens."""
        self.told.append((at, len(self.told), body, source, subject))

    def candidate(self, number: int) -> dict[str, float]:
        """At first anything, then ever closer to formamidinium tin-lead iodide."""
        rng = self.rng
        if number == 2:
            sites = {"cs": 1.0, "fa": 0.0, "ma": 0.0, "sn": 0.0, "br": 0.02, "cl": 0.0}
        elif number <= min(8, self.n // 2):
            cs, fa, _ = rng.dirichlet((1, 1, 1))
            sites = {"cs": cs, "fa": fa, "ma": 1 - cs - fa, "sn": rng.random()}
            sites |= {"br": rng.uniform(0, 0.5), "cl": rng.uniform(0, 0.08)}
        else:
            # Both branches on which 1.35 eV lies: first the one with much lead, in the end the one with little.
            cs, is_late = rng.uniform(0, 0.04), number > 0.6 * self.n
            tin = rng.normal(0.72, 0.03) if is_late else rng.normal(0.15, 0.02)
            sites = {"cs": cs, "fa": 1 - cs, "ma": 0.0, "sn": tin, "br": rng.uniform(0.06, 0.10), "cl": 0.0}
        sites |= {"pb": 1 - sites["sn"], "i": 1 - sites["br"] - sites["cl"]}
        process = {"anneal_temperature": rng.normal(120, 5), "anneal_time": rng.uniform(20, 25)}
        process |= {"speed": rng.uniform(3600, 4400), "delay": rng.normal(14, 1.5)}
        return {name: float(({**sites, **process})[name]) for name in RANGES}

    def make(self, number: int) -> Told:
        """A film of the world."""
        values = self.candidate(number)
        sites = Composition(**{k: values[k] for k in ("cs", "fa", "ma", "sn", "i", "br", "cl")})
        process = Process(values["anneal_temperature"], 60 * values["anneal_time"], values["speed"], values["delay"])
        film = self.world.make_film(sites, process)
        true = self.world.truth(film)
        truth = {name: true.value(name) for name in ("gap", "perovskite_fraction", "gap_shift", "kept")}
        truth["sheet_resistance"] = true.sheet_resistance
        return Told(number, f"absorber-{number:04d}", values, film, self.world.soak_film(film), truth)

    def propose(self, batch: list[Told], at: datetime) -> None:
        """A batch, with what the planner expects once it has a model."""
        candidates = []
        for one in batch:
            expects = one.number > self.plan.planner.initial
            spread = {n: 3 * d for n, d in DEVIATIONS.items()} if expects else {}
            predictions = {
                n: Prediction(mean=float(v + self.rng.normal(0, spread[n])), deviation=spread[n])
                for n in spread
                if (v := one.truth[n]) is not None
            }
            candidates.append(
                ProposedCandidate(
                    sample=one.id, candidate=Candidate(values=one.values), acquisition=0.1, predictions=predictions,
                    mean=one.values["pb"] if expects else None, deviation=0.0 if expects else None,
                )
            )  # fmt: skip
        number = (batch[0].number - 1) // 4 + 1
        proposal = Proposal(
            number=number, planner="constrained", candidates=tuple(candidates), inputs=address(f"in{number}"), seed=1
        )
        self.say(at, course.ProposalMade(proposal=proposal), "planning")

    def task(
        self, owner: str, instrument: str, plan: str, one: str, work_id: str, step: int, minutes: float
    ) -> datetime:
        """One act as soon as its instrument is free; returns when it ends."""
        begin = max(self.free.get(instrument, START), self.free.get(one, START))
        end = begin + timedelta(minutes=minutes)
        act = Act(instrument=instrument, plan=plan)
        task = Task(id=f"{work_id}/{step}", work=work_id, sample=one, step=step, name=plan, owner=owner, acts=(act,))
        self.say(begin, work.TaskStarted(task=task), owner, one)
        result = ActResult(act=0, token=task.token(0), run=f"run-{work_id}-{step}", started_at=begin, ended_at=end)
        done = work.TaskDone(task=task.id, work=work_id, sample=one, step=step, owner=owner, results=(result,))
        self.say(end, done, owner, one)
        self.free[instrument] = self.free[one] = end
        return end

    def bid(self, one: Told, work_id: str, bidders: Mapping[str, float], winner: str, at: datetime) -> None:
        """Bids and the award; line_b cannot anneal above 125 °C in this story."""
        recipe = Recipe(steps=(Step(name="spin", owner=winner, acts=(Act(instrument="spin_a", plan="spin"),)),))
        for bidder, minutes in bidders.items():
            if bidder == "line_b" and one.values["anneal_temperature"] > 125:
                refusal = work.BidRefused(
                    work=work_id, round=1, bidder=bidder, code="infeasible",
                    reason=f"{one.values['anneal_temperature']:.0f} °C is above its limit of 125 °C",
                )  # fmt: skip
                self.say(at, refusal, bidder, one.id)
                continue
            offered = Bid(
                work=work_id, round=1, bidder=bidder, recipe=recipe, start_at=at,
                end_at=at + timedelta(minutes=minutes), chance=0.93 if bidder == "line_a" else 0.88, n_learned=4,
                valid_until=at + timedelta(hours=1),
            )  # fmt: skip
            self.say(at, work.BidMade(bid=offered), bidder, one.id)
        reason = f"{winner} is worth 1.9 per hour, the next 1.4"
        award = course.WorkAwarded(work=work_id, round=1, bidder=winner, bid=1, score=1.9, reason=reason)
        self.say(at, award, "planning", one.id)

    def film(self, one: Told, at: datetime, *, drops: bool) -> AsMade | None:
        """Bids, award, the tasks that make a film; or one that falls on its way."""
        line = "line_a" if one.number % 2 or one.values["anneal_temperature"] > 125 else "line_b"
        work_id, x = f"make-{one.id}", line[-1]
        self.free[one.id] = at
        self.bid(one, work_id, {"line_a": 42.0, "line_b": 55.0}, line, at)
        self.task("handler", "handler", "mix", one.id, work_id, 0, 5)
        self.task(line, f"spin_{x}", "spin", one.id, work_id, 1, 1)
        if drops:
            self.drop(one, work_id)
            return None
        self.task("robot", "robot", "transfer", one.id, work_id, 2, 0.5)
        plate = f"hotplate_{x}_{1 + one.number // 2 % 2}"
        end = self.task(line, plate, "anneal", one.id, work_id, 3, one.values["anneal_time"] + 5)
        noisy = {n: v + self.rng.normal(0, 0.004) * (0 < v < 1) for n, v in one.values.items()}
        for group in SPACE.simplices:
            total = sum(max(0.0, noisy[n]) for n in group)
            noisy |= {n: float(max(0.0, noisy[n]) / total) for n in group}
        made = AsMade(values=noisy, deviations={n: 0.005 for g in SPACE.simplices for n in g})
        record = Sample(
            id=one.id, campaign="absorber", work=work_id, asked=Candidate(values=one.values), made=made, made_by=line,
            made_at=end, place=f"rack_{one.number}",
        )  # fmt: skip
        self.say(end, work.SampleMade(sample=record), line, one.id)
        return made

    def drop(self, one: Told, work_id: str) -> None:
        """The robot loses the film."""
        at = self.free[one.id] + timedelta(minutes=1)
        act = Act(instrument="robot", plan="transfer")
        task = Task(id=f"{work_id}/2", work=work_id, sample=one.id, step=2, name="transfer", owner="robot", acts=(act,))
        self.say(at, work.TaskStarted(task=task), "robot", one.id)
        cause = f"robot: {one.id} fell from the gripper between stage_a and plate_a_1"
        failed = work.TaskFailed(
            task=task.id, work=work_id, sample=one.id, step=2, owner="robot", cause=cause, unknown=(task.token(0),)
        )
        trouble = Trouble(what=cause, remedies=("done", "discard"))
        self.say(at, failed, "robot", one.id)
        reason = f"{work_id}, step transfer: {cause}"
        self.say(at, work.SampleQuarantined(sample=one.id, work=work_id, reason=reason), "robot", one.id)
        self.say(at, life.TroubleMet(trouble=trouble), "robot", one.id)
        ticket = Ticket(id=f"ticket-{one.number}", subject=one.id, raised_by="robot", trouble=trouble)
        self.say(at, course.TicketOpened(ticket=ticket), "supervision", one.id)
        answered = course.TicketClosed(ticket=ticket.id, answer="discard", person="Ada")
        self.say(at + timedelta(minutes=4), answered, "supervision", one.id)

    def raw(self, one: Told, step: int, kind: str) -> bytes:
        """What the instrument records."""
        film = one.soaked if step > 2 else one.film
        match kind:
            case "spectrum":
                return to_bytes(spectrum(film, SpectrometerState(), SpectrumScan(), self.rng))
            case "pattern":
                mounted = DiffractometerState(displacement=float(self.rng.normal(0, 0.03)))
                return to_bytes(pattern(film, mounted, DiffractionScan(), self.rng))
            case "soak":
                return to_bytes(soak(LampState(), SoakScan(), self.rng))
            case _:
                return to_bytes(sheet(film, ProbeState(), ProbeScan(), self.rng))

    def measure(self, one: Told, made: AsMade) -> None:
        """Every measurement in its order, each with its conclusions."""
        for step, kind in enumerate(MEASUREMENTS):
            agent, instrument, minutes = STATIONS[kind]
            work_id = f"measure-{one.id}-{step + 1}"
            self.task("robot", "robot", "transfer", one.id, work_id, 0, 0.5)
            end = self.task(agent, instrument, kind, one.id, work_id, 1, minutes)
            raw = self.blobs.put(self.raw(one, step, kind))
            taken = self.taken(one.id, kind, step, raw, work_id, end)
            self.say(end, work.MeasurementTaken(measurement=taken), agent, one.id)
            self.conclude(one, made, taken, end + timedelta(seconds=20))

    def taken(self, sample: str, kind: str, step: int, raw: str, work_id: str, at: datetime) -> Measurement:
        """The record of a measurement."""
        return Measurement(
            id=f"m-{sample}-{step}", sample=sample, work=work_id, instrument=STATIONS[kind][1], kind=kind, step=step,
            raw=raw, documents=address(work_id), run=f"run-{work_id}-1", taken_at=at,
        )  # fmt: skip

    def conclude(self, one: Told, made: AsMade, taken: Measurement, at: datetime) -> None:
        """What analysis would say; of films without a gap that there is none."""
        names = {0: ("gap",), 1: ("perovskite_fraction",), 3: ("gap_shift", "kept"), 4: ("sheet_resistance",)}
        unread = []
        for name in names.get(taken.step, ()):
            value = one.truth[name]
            is_blind = name in ("gap_shift", "kept") and one.truth["gap"] is None
            if value is None or is_blind or (value > 1e8 and name == "sheet_resistance"):
                reason = "no edge from 1.13 to 3.2 eV" if name != "sheet_resistance" else "the film is over range"
                lost = Unread(sample=one.id, measurement=taken.id, property=name, reason=reason, made=made)
                unread.append(lost)
                continue
            spread = DEVIATIONS.get(name, 0.03 * value)
            seen = Observation(
                sample=one.id, measurement=taken.id, property=name, value=float(value + self.rng.normal(0, spread)),
                deviation=spread, unit=UNITS.get(name, "1"), made=made, raw=taken.raw, analysis="told", version="0.1.0",
            )  # fmt: skip
            self.say(at, course.ObservationMade(observation=seen), "analysis", one.id)
        last = course.MeasurementConcluded(
            sample=one.id, measurement=taken.id, step=taken.step, n_observed=1, unread=tuple(unread)
        )
        self.say(at, last, "analysis", one.id)

    def check(self, batch: int, at: datetime) -> None:
        """Blank and silicon before a batch, and every other time a film of a fixed recipe."""
        for name, kind, raw in (
            (f"blank-{batch}", "spectrum", spectrum(None, SpectrometerState(), SpectrumScan(), self.rng)),
            (f"silicon-{batch}", "pattern", silicon_pattern(DiffractometerState(), DiffractionScan(), self.rng)),
        ):
            sample = self.checked(name, "blank" if kind == "spectrum" else "standard", at)
            raw_at = self.blobs.put(to_bytes(raw))
            end = self.task(STATIONS[kind][0], STATIONS[kind][1], kind, name, f"measure-{name}-1", 0, 2)
            self.say(at, work.SampleMade(sample=sample), "line_a", name)
            taken = self.taken(name, kind, 0, raw_at, f"measure-{name}-1", end)
            self.say(end, work.MeasurementTaken(measurement=taken), STATIONS[kind][0], name)
        control = self.checked(f"control-{batch}", "control", at)
        self.say(at, work.SampleMade(sample=control), "line_a", control.id)
        for name, value in (("gap", 1.52 + 0.004 * batch / 4), ("kept", 0.95)):
            seen = Observation(
                sample=control.id, measurement=f"m-{control.id}-0", property=name,
                value=float(value + self.rng.normal(0, DEVIATIONS[name])), deviation=DEVIATIONS[name],
                unit=UNITS.get(name, "1"), made=control.made, raw=address(control.id), analysis="told", version="0.1.0",
            )  # fmt: skip
            self.say(at + timedelta(minutes=10), course.ObservationMade(observation=seen), "analysis", control.id)

    def checked(self, name: str, kind: Literal["blank", "standard", "control"], at: datetime) -> Sample:
        """The record of something that is no candidate."""
        made = AsMade(values=dict.fromkeys(RANGES, 0.0), deviations={})
        return Sample(
            id=name, campaign="absorber", work=f"make-{name}", kind=kind, asked=Candidate(values=made.values),
            made=made, made_by="line_a", made_at=at, place="rack_99",
        )  # fmt: skip

    def run(self, drops: int | None = 7, retracted: int | None = 4) -> list[Logged]:
        """The whole campaign."""
        self.say(START, life.LabOpened(laboratory=laboratory(), file=address("lab"), version="0.1.0"), "recorder")
        for agent in ("planning", "analysis", "training", "supervision"):
            self.say(START, life.AgentStarted(agent=agent, epoch=1, version="0.1.0"), agent)
        self.say(START, course.CampaignStarted(plan=self.plan, person="Ada"), "supervision")
        self.say(START, course.BudgetGranted(samples=self.n), "supervision")
        films, n_made = [self.make(number) for number in range(1, self.n + 1)], 0
        for first in range(0, self.n, 4):
            batch, at = films[first : first + 4], START + timedelta(minutes=27.0 * first)
            self.propose(batch, at)
            self.check(first // 4 + 1, at)
            for one in batch:
                made = self.film(one, at + timedelta(minutes=2), drops=one.number == drops)
                if made is not None:
                    n_made += 1
                    self.measure(one, made)
        last = max(at for at, *_ in self.told)
        if retracted is not None:
            gone = course.ObservationRetracted(
                sample=films[retracted - 1].id, measurement=f"m-{films[retracted - 1].id}-1", reason="the shutter stuck"
            )
            self.say(last, gone, "supervision", films[retracted - 1].id)
        self.say(last, course.CampaignClosing(reason="budget spent"), "supervision")
        finished = course.CampaignFinished(
            reason="budget spent", n_made=n_made, n_observed=n_made, n_failed=self.n - n_made
        )
        self.say(last, finished, "supervision")
        return [self._logged(i + 1, *told) for i, told in enumerate(sorted(self.told, key=lambda t: t[:2]))]

    def _logged(self, position: int, at: datetime, _order: int, body: Body, source: str, subject: str) -> Logged:
        entry = Entry(
            id=f"{source}/{position}", kind=type(body).__name__, schema_version=1, at=at, campaign="absorber",
            subject=subject, record=body,
        )  # fmt: skip
        wall = START + timedelta(days=100, seconds=position * 0.1)
        seal = Seal(
            log="log", position=position, chain=GENESIS, source=source, epoch=1, sequence=position, recorded_at=wall
        )
        return Logged(seal=seal, entry=entry)


def tell_absorber(blobs: Path, n: int = 12, drops: int | None = 7, retracted: int | None = 4) -> list[Logged]:
    """The log of a campaign of n films, its raw records in the folder `blobs`."""
    return AbsorberTelling(n, DirectoryBlobs(blobs)).run(drops, retracted)


def write_absorber(path: Path, n: int = 12) -> StateFolder:
    """A state folder that holds such a campaign with its raw records, through the real store."""
    folder = StateFolder.create(path, "thin_film", find_laboratory("thin_film", Path()).read_bytes())
    writer = LogWriter(folder.store, "thin_film", project)
    offered: list[Offered] = []
    sequences: dict[str, int] = {}
    for logged in tell_absorber(folder.blobs, n):
        source = logged.seal.source
        sequences[source] = sequences.get(source, 0) + 1
        header = Header(source=source, epoch=1, sequence=sequences[source])
        offered.append(Offered(header, logged.entry, logged.entry.to_bytes()))
    writer.append(offered, {s: SourceState(1, 0, n) for s, n in sequences.items()}, START)
    writer.close()
    return folder
