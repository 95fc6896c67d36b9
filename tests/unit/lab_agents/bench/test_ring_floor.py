"""Tasks on the models of the thin-film laboratory."""

from datetime import UTC, datetime

import pytest

from lab_agents.bench.floor import BenchFloor
from lab_agents.bench.ring_floor import REFUSAL, MemoryBlobs, RingFloor
from lab_agents.errors import BlobError
from lab_agents.records.recipe import Task
from tests.thin_film_stand import act, thin_film

START = datetime(2026, 1, 1, tzinfo=UTC)


def task(plan: str, **changes: float | str) -> Task:
    """One act for a film."""
    return Task(
        id=f"make-x/{plan}", work="make-x", sample="x", step=0, name=plan, owner="o", acts=(act(plan, **changes),)
    )


def spun() -> RingFloor:
    """A floor with a wet film on the stage of line_a."""
    blobs = MemoryBlobs()
    performer = RingFloor(BenchFloor(thin_film()), blobs)
    assert performer.perform(task("mix"), START)[1].ok
    assert performer.perform(task("spin"), START)[1].ok
    return performer


def test_a_task_lasts_as_long_as_its_program():
    performer = RingFloor(BenchFloor(thin_film()), MemoryBlobs())
    ends_at, outcome = performer.perform(task("mix"), START)
    assert outcome.ok
    assert outcome.results[0].ended_at == ends_at > START
    assert "delivered" in outcome.results[0].readings


def test_a_film_has_the_name_of_the_act_that_coated_it():
    assert spun().films == {"x": task("spin").token(0)}


def test_a_measurement_leaves_its_raw_record():
    blobs = MemoryBlobs()
    performer = RingFloor(BenchFloor(thin_film()), blobs, lambda act, token, at, done: b"raw")
    performer.perform(task("transfer", source="rack_118", target="uv_stage"), START)
    _, outcome = performer.perform(task("spectrum"), START)
    assert blobs.get(outcome.results[0].blobs["raw"]) == b"raw"


def test_what_an_instrument_refuses_has_moved_nothing():
    performer = RingFloor(BenchFloor(thin_film()), MemoryBlobs())
    ends_at, outcome = performer.perform(task("transfer", source="rack_1"), START)
    assert (outcome.ok, outcome.moved, outcome.blocked) == (False, False, True)
    assert ends_at == START + REFUSAL


def test_a_film_that_falls_ends_its_task_badly():
    performer = RingFloor(BenchFloor(thin_film(drop_rate=1.0)), MemoryBlobs())
    _, outcome = performer.perform(task("transfer", source="rack_118", target="uv_stage"), START)
    assert (outcome.ok, outcome.moved, outcome.error) == (False, True, "the film fell")


def test_a_discarded_film_leaves_its_place_free():
    performer = spun()
    performer.discard("x")
    _, outcome = performer.perform(task("transfer"), START)
    assert not outcome.moved


def test_a_blob_that_was_never_put_is_missing():
    with pytest.raises(BlobError, match="there is no blob"):
        MemoryBlobs().get("0" * 64)
