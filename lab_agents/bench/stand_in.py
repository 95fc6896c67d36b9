"""Conclusions on films without their raw records: what is true, with the noise that an analysis would state.

For questions that do not depend on how a pattern is read, such as who should make what, and a hundred times quicker.
The deviations are those that were assumed when the simulated world was laid out: gap 6 meV, gap shift 4 meV, absorbance
kept 0.01, perovskite fraction 0.015 at 0.4 s a step. Counts are random, so that one of a longer scan falls with the
root of its time.
"""

import json
from collections.abc import Mapping
from datetime import datetime

import numpy as np

from lab_agents.agents.behaviour import JobOutcome
from lab_agents.bench.floor import BenchFloor
from lab_agents.blobs import Blobs
from lab_agents.jobs import run_job
from lab_agents.records.observation import Observation, Unread
from lab_agents.records.questions import AnalyseArguments, Found, StandardReading
from lab_agents.records.recipe import Act, act_of
from simulators.instruments.program import Prepared
from simulators.world.truth import Truth

DEVIATIONS: Mapping[str, float] = {"gap": 0.006, "gap_shift": 0.004, "kept": 0.01, "perovskite_fraction": 0.015}
UNITS: Mapping[str, str] = {"gap": "eV", "gap_shift": "eV"}
USUAL = 0.4
"""Seconds a step of the scan that the deviation of a fraction is of."""
READABLE = 0.2
"""Below this perovskite fraction a film shows no gap."""
_CONCLUDED: Mapping[str, tuple[str, ...]] = {"scan": ("perovskite_fraction",), "spectrum": ("gap",)}
_AFTER_LIGHT: Mapping[str, tuple[str, ...]] = {"spectrum": ("gap_shift", "kept")}


class StandIn:
    """Records conclusions in place of raw data, and analyses them."""

    def __init__(self, floor: BenchFloor, blobs: Blobs) -> None:
        self._floor, self._blobs = floor, blobs

    def record(self, act: Act, token: str, at: datetime, done: Prepared) -> bytes:
        """What an analysis of the act's raw record would conclude, as JSON: property → value and deviation."""
        del at
        film = self._floor.things.films[str(done.details["film"])]
        is_soaked = any(deed.action == "illuminate" for deed in film.deeds)
        names = (_AFTER_LIGHT if is_soaked else {}).get(act.plan, _CONCLUDED.get(act.plan, ()))
        truth = self.truth(film.name) if film.kind == "film" else None
        black = None if truth is None else truth.value("perovskite_fraction")
        is_blind = act.plan == "spectrum" and (black is None or black < READABLE)
        draws = np.random.default_rng(int(act_of(token), 16))
        found = {}
        for name in names:
            value = None if truth is None or is_blind else truth.value(name)
            if value is None:
                continue
            deviation = DEVIATIONS[name]
            if act.plan == "scan":
                deviation *= (USUAL / float(act.arguments["time_per_step"])) ** 0.5
            found[name] = (value + deviation * float(draws.standard_normal()), deviation)
        return json.dumps({"of": token, "found": found}).encode()

    def truth(self, film: str) -> Truth | None:
        """What is true of a film of the world; None where there is no perovskite to speak of."""
        history = self._floor.models.thin_film.history
        state = history.fresh(self._floor.things.films[film])
        return None if state is None else history.world.truth(state)

    def compute(self, name: str, arguments: str) -> JobOutcome:
        """The answer to a job; conclusions are read, all else is computed as in the laboratory."""
        if name == "analyse":
            return JobOutcome(ok=True, answer=self._found(AnalyseArguments.model_validate_json(arguments)))
        if name == "read_standard":  # a stand-in's raw record says nothing of an instrument
            return JobOutcome(ok=True, answer=StandardReading(values={}).model_dump_json())
        return JobOutcome(ok=True, answer=run_job(name, arguments, self._blobs))

    def _found(self, question: AnalyseArguments) -> str:
        measurement = question.measurement
        found = json.loads(self._blobs.get(measurement.raw))["found"]
        seen = tuple(
            Observation(
                sample=measurement.sample,
                measurement=measurement.id,
                property=name,
                value=value,
                deviation=deviation,
                unit=UNITS.get(name, "1"),
                made=question.made,
                raw=measurement.raw,
                analysis="stand_in",
                version="0",
            )
            for name, (value, deviation) in found.items()
        )
        nothing = Unread(
            sample=measurement.sample,
            measurement=measurement.id,
            property="gap" if measurement.kind == "spectrum" else measurement.kind,
            reason="the film shows none",
            made=question.made,
        )
        return Found(observations=seen, unread=() if seen else (nothing,)).model_dump_json()
