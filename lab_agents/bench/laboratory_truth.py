"""The simulated laboratory without its wires: the same recipes, models, keys and analysis, hence the same raw data."""

import json
import struct
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from lab_agents.agents.blend_recipe import as_made, find_doses, making_recipe
from lab_agents.agents.limits import find_breach
from lab_agents.agents.offers import make_work, measure_work
from lab_agents.analysis.evidence import Evidence
from lab_agents.analysis.kinds import find_analysis
from lab_agents.errors import DeclarationError
from lab_agents.records.laboratory import Laboratory
from lab_agents.records.recipe import Act, ActResult, Argument, act_of, token_of
from lab_agents.records.sample import AsMade
from lab_agents.records.space import Candidate
from lab_agents.tables import Table
from planners.protocols import Learned, Outcome, Refused
from simulators.installation import Models
from simulators.instruments.tester import TAU

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
"""Every act is dated so: no model of this laboratory depends on the time of day."""


class LaboratoryTruth:
    """Makes on one line with its dispensing errors, measures with noise, analyses the raw record.

    Draws are keyed by the tokens that the laboratory's tasks would have, so the raw data are those of the processes. It
    neither moves films between places nor uses up stock.
    """

    def __init__(self, laboratory: Laboratory, table: Table, line: str, *, is_simplex: bool) -> None:
        """Join a lab file that declares a simulation with a table.

        Raises:
            DeclarationError: If the lab file has no tester, or no such line.
            WorldError: If it cannot be simulated with that table.
        """
        stations = laboratory.agents_of("characterization")
        if line not in laboratory.agents_of("synthesis") or not stations:
            raise DeclarationError(f"there is no line {line} with a station to measure", source=laboratory.name)
        self._laboratory, self._line, self._is_simplex = laboratory, line, is_simplex
        self._models = Models(laboratory, table)
        self._inputs, self._output = table.inputs, table.output
        self._settings: Mapping[str, Argument] = laboratory.agents[line].settings
        self._station: Mapping[str, Argument] = laboratory.agents[stations[0]].settings

    def observe(self, sample: str, candidate: Candidate) -> Learned | Refused:
        """Dispense, coat, soak, analyse; or the line's refusal, by the same limits as in the laboratory.

        Raises:
            AnalysisError: If the raw record says too little.
        """
        doses = find_doses(self._laboratory.channels, candidate)
        if not isinstance(doses, dict) or find_breach(self._laboratory, self._dispensing(doses)):
            return Refused(tuple(candidate.values[n] for n in self._inputs), (self._line,))
        volumes, made = self.make(sample, candidate)
        raw = self.measure(sample, volumes)
        evidence = Evidence(raw=raw, settings=self._station, made=made, wanted=(("property", "1"),))
        concluded = find_analysis(str(self._station["kind"]))(evidence).values[0]
        outcomes = {self._output: Outcome(concluded.value, concluded.deviation)}
        return Learned(sample, tuple(made.values[n] for n in self._inputs), outcomes)

    def make(self, sample: str, candidate: Candidate) -> tuple[tuple[float, ...], AsMade]:
        """The volumes that are really on the film (µL per channel), and the composition as reported.

        Raises:
            DeclarationError: If no volumes make the candidate.
        """
        doses = find_doses(self._laboratory.channels, candidate)
        if not isinstance(doses, dict):
            raise DeclarationError(doses.reason, source=sample)
        acts = self._dispensing(doses)
        name = acts[0].instrument
        declaration = self._laboratory.instruments[name]
        dispenser, carried = self._models.dispenser(name, declaration), _CARRIED[declaration.driver]
        volumes, results = [0.0] * len(self._laboratory.channels), []
        for number, act in enumerate(acts):
            if act.plan != "dose":
                continue
            channel, token = int(act.arguments["channel"]), token_of(f"{make_work(sample)}/0", number)
            delivery = dispenser.dose(channel, carried(float(act.arguments["volume"])), act_of(token))
            volumes[channel - 1] += delivery.delivered
            reported = {"delivered": carried(delivery.reported), "deviation": carried(delivery.deviation)}
            results.append(_result(number, token, reported))
        made = as_made(self._laboratory.channels, acts, results, is_simplex=self._is_simplex)
        return tuple(volumes), made

    def _dispensing(self, doses: Mapping[int, float]) -> tuple[Act, ...]:
        return making_recipe(self._line, self._settings, doses).steps[0].acts

    def measure(self, sample: str, volumes: Sequence[float]) -> bytes:
        """The raw record of the film with `volumes` (µL per channel), in the digits that the wire carries."""
        name = str(self._station["instrument"])
        tester = self._models.tester(name, self._laboratory.instruments[name])
        truth = self._models.truth
        if truth is None:
            raise DeclarationError("no table is replayed", source=self._laboratory.name)
        film, soak = (act_of(token_of(f"{work}/1", 0)) for work in (make_work(sample), measure_work(sample, 1)))
        exposure = float(self._station["with_exposure"])
        trace = tester.trace(truth.value(volumes, film), film, exposure, soak)
        offset, span = tester.scale
        record = {
            "time": [round(t, 3) for t in trace.times],
            "transmission": [round(t, 7) for t in trace.transmission],
            "offset": float(f"{offset:.9g}"),
            "span": float(f"{span:.9g}"),
            "tau": TAU,
        }
        return json.dumps(record, separators=(",", ":"), allow_nan=False).encode()


def _single(value: float) -> float:
    return float(struct.unpack(">f", struct.pack(">f", value))[0])


def _nine_digits(value: float) -> float:
    return float(f"{value:.9g}")


_CARRIED = {"modbus_dispenser": _single, "epics_dispenser": _nine_digits}
"""What is left of a number on each dispenser's wire."""


def _result(act: int, token: str, readings: Mapping[str, float]) -> ActResult:
    return ActResult(act=act, token=token, run="bench", readings=readings, started_at=BEGINNING, ended_at=BEGINNING)
