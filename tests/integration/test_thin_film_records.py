"""What an instrument recorded is what stands in the blob store: no wire loses a digit."""

import asyncio
from datetime import timedelta

import pytest

from instruments.engine import Engine
from simulators.errors import ErrorNumber
from simulators.signals.raw_record import to_bytes
from tests.instrument_stand import ABOUT, open_gate
from tests.thin_film_stand import act, open_stand, order

TOKEN = f"{9:016x}"
STEPS = (
    ("handler", order(1, "mix")),
    ("spin_a", order(2, "spin")),
    ("robot", order(3, "transfer", target="plate_a_1")),
    ("hotplate_a_1", order(4, "anneal")),
)


@pytest.mark.parametrize(
    ("agent", "plan", "place"),
    [
        ("diffractometer", "scan", "xrd_stage"),
        ("spectrometer", "spectrum", "uv_stage"),
        ("soaker", "illuminate", "lamp_1"),
        ("prober", "sweep", "probe_stage"),
    ],
)
async def test_the_raw_record_in_the_blob_is_the_models_own(tmp_path, agent, plan, place):
    measure = act(plan)
    names = (*(name for name, _ in STEPS), measure.instrument)
    async with open_stand(tmp_path, *dict.fromkeys(names)) as stand:
        floor = stand.simulated.floor
        carried = ("robot", order(5, "transfer", source="plate_a_1", target=place))
        for name, given in (*STEPS, carried):
            assert await floor.start(name, given) is ErrorNumber.NONE
            await floor.advance(floor.now + timedelta(hours=1))
        stand.clock.set(floor.now)
        engine: Engine = await stand.engine(agent)
        result = await engine.perform(measure, 0, TOKEN, open_gate, ABOUT)
        recorded = floor.instruments[measure.instrument].record(TOKEN)
        assert await asyncio.to_thread(stand.blobs.get, result.blobs["raw"]) == to_bytes(dict(recorded))
