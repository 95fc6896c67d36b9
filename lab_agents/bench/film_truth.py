"""The simulated thin-film laboratory without its wires: recipes, models, keys and analysis are those of the processes.

Samples are made one after the other, on the lines in turn, at a steady pace of laboratory time; every measurement that
the campaign wants is taken in its order and analysed from its raw record.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

from lab_agents.agents.analysis import MOST_MEASUREMENTS
from lab_agents.agents.characterization import measuring_act
from lab_agents.agents.film_recipe import FilmRecipe
from lab_agents.agents.making import Making
from lab_agents.agents.offers import make_work, measure_work
from lab_agents.analysis.concluded import Concluded, Conclusions
from lab_agents.analysis.errors import AnalysisError
from lab_agents.analysis.evidence import BEFORE, BLANK, SILICON, Evidence
from lab_agents.analysis.kinds import find_analysis
from lab_agents.bench.floor import BenchFloor
from lab_agents.bench.loop import Lost
from lab_agents.errors import DeclarationError
from lab_agents.messages.work import TaskDone
from lab_agents.records.campaign import CampaignPlan
from lab_agents.records.laboratory import Laboratory
from lab_agents.records.recipe import Act, ActResult, Argument, Recipe, token_of
from lab_agents.records.sample import AsMade
from lab_agents.records.space import Candidate
from lab_agents.records.stock import volumes_text
from planners.protocols import Learned, Outcome, Refused
from simulators.errors import RefusedError
from simulators.instruments.liquid_handler import TIPS
from simulators.instruments.program import Prepared
from simulators.world.truth import Truth as TrueProperties

PACE = timedelta(minutes=25)
"""Laboratory time from one sample to the next: what two lines and one diffractometer make of an hour."""
DAY = timedelta(days=1)
LATE = 60.0
"""Seconds: no spin lasts so long, so that an antisolvent of such a delay never came."""
LEAST_CLOG = 0.2
"""Share of a liquid that the smallest clog or bubble swallows: assumption of the simulated laboratory."""

_CHECKS: Mapping[str, tuple[str, str]] = {BLANK: ("blank", "spectrum"), SILICON: ("silicon", "pattern")}
"""Role of a reference measurement → kind of the standard, and of its measurement."""


class MishapError(Exception):
    """A sample was lost on its way."""


@dataclass
class MadeFilm:
    """A film of the bench: where it stands, what it was reported to be, what was concluded of it.

    `mishaps` are the faults of the laboratory that really struck it, whether anybody noticed or not.
    """

    sample: str
    token: str
    place: str
    made: AsMade
    at: datetime
    values: dict[str, Concluded] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    raw: dict[str, list[bytes]] = field(default_factory=dict)
    mishaps: set[str] = field(default_factory=set)


class FilmTruth:
    """Makes films and measures them; implements `lab_agents.bench.loop.Truth`.

    Attributes:
        films: What was made, by sample.
    """

    def __init__(self, laboratory: Laboratory, plan: CampaignPlan, *, analyses: bool = True) -> None:
        """Join a lab file that simulates the world of absorbers with a campaign.

        Args:
            laboratory: Its simulation's seed keys every draw.
            plan: Which measurements a sample gets.
            analyses: Without, films are made and never measured: for planners that do not learn.
        """
        if laboratory.simulation is None or not laboratory.stocks:
            raise DeclarationError("this laboratory simulates no stock solutions", source=laboratory.name)
        self._floor, self._lab, self._plan, self._analyses = BenchFloor(laboratory), laboratory, plan, analyses
        self._lines = plan.lines or laboratory.agents_of("synthesis")
        self._rules = FilmRecipe()
        self._starts_at = datetime.fromisoformat(laboratory.simulation.starts_at)
        self._checked: dict[str, tuple[datetime, bytes]] = {}
        self._n_checks = 0
        self.films: dict[str, MadeFilm] = {}

    def observe(self, sample: str, candidate: Candidate) -> Learned | Refused | Lost:
        """Make, measure, analyse."""
        number = int(sample.rsplit("-", 1)[-1])
        at = self._starts_at + number * PACE
        recipe, line = self._find_recipe(number, candidate)
        names = [p.name for p in self._plan.space.parameters]
        if recipe is None:
            return Refused(tuple(candidate.values[n] for n in names), self._lines)
        try:
            film = self._make(sample, line, recipe, candidate, at)
            self.films[sample] = film
            if self._analyses:
                self._check_instruments(number, at)
                for step, kind in enumerate(self._plan.measurements):
                    self._measure(film, step, kind)
        except (MishapError, RefusedError) as error:
            return Lost(str(error))
        outcomes = {name: Outcome(c.value, c.deviation) for name, c in sorted(film.values.items())}
        wanted = self._plan.target.properties
        values = tuple(film.made.values[n] for n in names)
        known = {name: outcome for name, outcome in outcomes.items() if name in wanted}
        return Learned(sample, values, known, frozenset(n for n in film.missing if n in wanted and n not in known))

    def truth(self, sample: str) -> TrueProperties | None:
        """What is true of a film that was made; None where there is no perovskite to speak of."""
        film = self.films[sample]
        history = self._floor.models.thin_film.history
        thing = self._floor.things.films[film.token]
        state = history.fresh(thing)
        return None if state is None else history.world.truth(state)

    def _find_recipe(self, number: int, candidate: Candidate) -> tuple[Recipe | None, str]:
        """The recipe of the line whose turn it is, or of another one that is able."""
        for offset in range(len(self._lines)):
            line = self._lines[(number + offset) % len(self._lines)]
            prepared = self._rules.prepare(line, self._lab, candidate)
            if hasattr(prepared, "recipe"):
                return prepared.recipe, line
        return None, ""

    def _make(self, sample: str, line: str, recipe: Recipe, candidate: Candidate, at: datetime) -> MadeFilm:
        work, number = make_work(sample), int(sample.rsplit("-", 1)[-1])
        places = self._places(recipe, number)
        results: dict[str, tuple[ActResult, ...]] = {}
        mishaps: set[str] = set()
        for k, step in enumerate(recipe.steps):
            acts = _filled(step.acts, places, self._instruments())
            if step.transfer is not None:
                acts = (self._transfer(places[step.transfer.source], places[step.transfer.target]),)
            task = f"{work}/{k}"
            done = self._floor.do(acts[0], token_of(task, 0), at)
            _check_drop(done, sample)
            mishaps |= find_mishaps(done)
            results[step.name] = (_result(token_of(task, 0), reported(done), at),)
            said = TaskDone(task=task, work=work, sample=sample, step=k, owner=step.owner, results=results[step.name])
            if flaw := self._rules.find_flaw(step, said):
                raise MishapError(f"{sample}: {flaw}")
        made = self._rules.made(self._lab, Making(line, candidate, recipe, results, is_mixture=False))
        return MadeFilm(sample, token_of(f"{work}/1", 0), places["rack"], made, at, mishaps=mishaps)

    def _measure(self, film: MadeFilm, step: int, kind: str) -> None:
        """One step of the campaign's measurements, again and longer where analysis asks for it."""
        reason, before = "", film.raw.get(kind, [])[-1:]
        for attempt in range(1, MOST_MEASUREMENTS + 1):
            number = 1 + sum(map(len, film.raw.values()))
            raw, settings, mishaps = self._take(film.sample, film.place, kind, number, attempt, film.at)
            film.mishaps |= mishaps
            film.raw.setdefault(kind, []).append(raw)
            earlier = {role: data for role, (_, data) in self._checked.items()}
            if before:
                earlier[BEFORE] = before[0]
            try:
                evidence = Evidence(raw, settings, film.made, earlier)
                self._conclude(film, find_analysis(kind)(evidence))
            except AnalysisError as error:
                reason = str(error)
                if not error.may_help:
                    break
            else:
                return
        film.missing[kind] = reason

    def _conclude(self, film: MadeFilm, conclusions: Conclusions) -> None:
        film.values |= {c.property: c for c in conclusions.values}
        film.missing |= {m.property: m.reason for m in conclusions.missing}

    def _take(
        self, sample: str, place: str, kind: str, number: int, attempt: int, at: datetime
    ) -> tuple[bytes, Mapping[str, Argument], set[str]]:
        """Carry in, measure, carry home, under the tokens that the laboratory's tasks would have."""
        station = next(
            s for s in self._lab.agents_of("characterization") if self._lab.agents[s].settings.get("kind") == kind
        )
        settings = self._lab.agents[station].settings
        act = measuring_act(settings, attempt)
        stage = next(p.name for p in self._lab.all_places if p.instrument == act.instrument)
        work = measure_work(sample, number)
        before, token, after = (token_of(f"{work}/{step}", 0) for step in range(3))
        self._carry(sample, place, stage, before, at)
        done = self._floor.do(act, token, at)
        raw = self._floor.record(act, token, at, done)
        self._carry(sample, stage, place, after, at)
        return raw, act.arguments, find_mishaps(done)

    def _carry(self, sample: str, source: str, target: str, token: str, at: datetime) -> None:
        _check_drop(self._floor.do(self._transfer(source, target), token, at), sample)

    def _check_instruments(self, number: int, at: datetime) -> None:
        """The blank before each batch, the silicon once a day."""
        for role, (standard, kind) in _CHECKS.items():
            last = self._checked.get(role)
            is_due = last is None or (at - last[0] >= DAY if role == SILICON else (number - 1) % self._plan.batch == 0)
            specimen = next((s for s in self._lab.standards if s.kind == standard), None)
            if not is_due or specimen is None:
                continue
            self._n_checks += 1
            raw, _, _ = self._take(f"{specimen.name}-{self._plan.name}", specimen.place, kind, self._n_checks, 1, at)
            self._checked[role] = (at, raw)

    def _places(self, recipe: Recipe, number: int) -> dict[str, str]:
        """Places for a recipe: those it names, of a kind any in turn, in a rack one for each sample."""
        places = {}
        for need in recipe.needs:
            of_kind = [p.name for p in self._lab.all_places if p.kind == need.kind]
            places[need.role] = need.place or of_kind[number % len(of_kind)]
        places["rack"] = self._racks[number - 1]
        return places

    @property
    def _racks(self) -> list[str]:
        taken = {s.place for s in self._lab.standards}
        return [p.name for p in self._lab.all_places if p.kind == "rack" and p.name not in taken]

    def _instruments(self) -> dict[str, str]:
        return {p.name: p.instrument for p in self._lab.all_places if p.instrument is not None}

    def _transfer(self, source: str, target: str) -> Act:
        robot = next(i for i, d in self._lab.instruments.items() if d.driver == "opcua_robot")
        return Act(instrument=robot, plan="transfer", arguments={"source": source, "target": target})


def find_mishaps(done: Prepared) -> set[str]:
    """The faults that struck an act, read from what really moved."""
    details = done.details
    found: set[str] = set()
    if done.action == "mix":
        pairs = zip(_numbers(done, "delivered"), _numbers(done, "asked"), strict=True)
        found |= {"clog" for delivered, asked in pairs if _is_clog(asked, delivered)}
    if done.action == "spin" and _number(done, "delay") > LATE:
        found.add("missed antisolvent")
    if details.get("is_wet"):
        found.add("wet glovebox")
    if details.get("tilt"):
        found.add("tilted sample")
    if details.get("shutter_open") == 0:
        found.add("stuck shutter")
    if "fails_at" in details and _number(done, "fails_at") >= 0:
        found.add("lamp failure")
    return found


def _is_clog(asked: float, delivered: float) -> bool:
    """Whether a transfer, in µL, lost what a clog takes and the tip's own errors do not explain.

    They are the systematic limit and three times the random one of ISO 8655-2: of a microlitre a third.
    """
    tip = next(tip for tip in TIPS if asked <= tip.nominal)
    explained = tip.systematic + 3.0 * tip.random
    return asked - delivered > max(explained, LEAST_CLOG * asked - explained)


def _filled(acts: tuple[Act, ...], places: Mapping[str, str], instruments: Mapping[str, str]) -> tuple[Act, ...]:
    """Acts with their granted places filled in."""
    filled = []
    for act in acts:
        arguments = {**act.arguments, **{name: places[role] for name, role in act.places.items()}}
        instrument = act.instrument if act.at is None else instruments[places[act.at]]
        filled.append(Act(instrument=instrument, plan=act.plan, arguments=arguments))
    return tuple(filled)


def _result(token: str, readings: Mapping[str, Argument], at: datetime) -> ActResult:
    return ActResult(act=0, token=token, run="bench", readings=readings, started_at=at, ended_at=at)


def _check_drop(done: Prepared, sample: str) -> None:
    if done.action == "drop":
        raise MishapError(f"{sample} fell from the robot's gripper")


def _number(done: Prepared, name: str) -> float:
    return float(cast(float, done.details[name]))


def _numbers(done: Prepared, name: str) -> list[float]:
    """A list of numbers among the details."""
    return [float(number) for number in cast(Sequence[float], done.details[name])]


def _names(done: Prepared, name: str) -> list[str]:
    return [str(one) for one in cast(Sequence[str], done.details[name])]


def _mixed(done: Prepared) -> dict[str, Argument]:
    stocks = _names(done, "stocks")
    return {
        "delivered": volumes_text(dict(zip(stocks, _numbers(done, "reported"), strict=True))),
        "deviation": volumes_text(dict(zip(stocks, _numbers(done, "deviation"), strict=True))),
        "flagged": ";".join(_names(done, "flagged")),
    }


def _spun(done: Prepared) -> dict[str, Argument]:
    return {"speed": _number(done, "speed"), "delay": _number(done, "seen_delay")}


def _annealed(done: Prepared) -> dict[str, Argument]:
    return {
        "temperature": _number(done, "seen_temperature"),
        "duration": _number(done, "duration"),
    }


def reported(done: Prepared) -> dict[str, Argument]:
    """What the devices report of a program that is done."""
    read = {"mix": _mixed, "spin": _spun, "anneal": _annealed}.get(done.action)
    return {} if read is None else read(done)
