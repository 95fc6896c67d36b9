"""Conclusions without raw records."""

import json
from datetime import UTC, datetime

from lab_agents.bench.floor import BenchFloor
from lab_agents.bench.ring_floor import MemoryBlobs, RingFloor
from lab_agents.bench.stand_in import DEVIATIONS, StandIn
from lab_agents.records.measurement import Measurement
from lab_agents.records.questions import ANALYSE_ANSWER, AnalyseArguments, Found
from lab_agents.records.recipe import Act, Task
from lab_agents.records.sample import AsMade
from tests.model_lab import sha
from tests.thin_film_stand import act, thin_film

START = datetime(2026, 1, 1, tzinfo=UTC)
STEPS = (
    act("mix"),
    act("spin"),
    act("transfer", source="stage_a", target="plate_a_1"),
    act("anneal"),
    act("transfer", source="plate_a_1", target="xrd_stage"),
)


class Films:
    """One finished film on the diffractometer, and whoever concludes."""

    def __init__(self) -> None:
        self.floor, self.blobs = BenchFloor(thin_film()), MemoryBlobs()
        self.stand_in = StandIn(self.floor, self.blobs)
        self.performer = RingFloor(self.floor, self.blobs, self.stand_in.record)
        for number, one in enumerate(STEPS):
            assert self.do(f"make/{number}", one).ok

    def do(self, name: str, one: Act):
        """Carry out one act."""
        task = Task(id=name, work="make", sample="x", step=0, name="any", owner="o", acts=(one,))
        return self.performer.perform(task, START)[1]

    def concluded(self, name: str, one: Act) -> dict[str, tuple[float, float]]:
        """What is concluded of an act."""
        return json.loads(self.blobs.get(self.do(name, one).results[0].blobs["raw"]))["found"]


def test_a_longer_scan_is_surer():
    films = Films()
    (_, quick) = films.concluded("a", act("scan", time_per_step=0.1))["perovskite_fraction"]
    (_, usual) = films.concluded("b", act("scan", time_per_step=0.4))["perovskite_fraction"]
    assert abs(quick - 2 * usual) < 1e-12
    assert usual == DEVIATIONS["perovskite_fraction"]


def test_equal_acts_conclude_alike_and_near_the_truth():
    films = Films()
    said = films.concluded("a", act("scan", time_per_step=0.4))
    assert said == Films().concluded("a", act("scan", time_per_step=0.4))
    truth = films.stand_in.truth(films.performer.films["x"])
    assert truth is not None
    value, deviation = said["perovskite_fraction"]
    assert abs(value - truth.value("perovskite_fraction")) < 5 * deviation


def test_a_spectrum_after_light_tells_what_was_kept():
    films = Films()
    assert films.do("up", act("transfer", source="xrd_stage", target="uv_stage")).ok
    assert set(films.concluded("a", act("spectrum"))) == {"gap"}
    assert films.do("in", act("transfer", source="uv_stage", target="lamp_1")).ok
    assert films.concluded("b", act("illuminate")) == {}
    assert films.do("out", act("transfer", source="lamp_1", target="uv_stage")).ok
    assert set(films.concluded("c", act("spectrum"))) == {"gap_shift", "kept"}


def test_an_analysis_repeats_what_was_recorded():
    films = Films()
    raw = films.do("a", act("scan", time_per_step=0.4)).results[0].blobs["raw"]
    measurement = Measurement(
        id="measure-x-1",
        sample="x",
        work="measure-x-1",
        instrument="xrd",
        kind="pattern",
        raw=raw,
        documents=sha("d"),
        run="r",
        settings={},
        taken_at=START,
    )
    made = AsMade(values={"pb": 0.5}, deviations={"pb": 0.01})
    question = AnalyseArguments(measurement=measurement, property="lead", unit="1", made=made)
    found = ANALYSE_ANSWER.validate_json(films.stand_in.compute("analyse", question.model_dump_json()).answer)
    assert isinstance(found, Found)
    assert [o.property for o in found.observations] == ["perovskite_fraction"]
