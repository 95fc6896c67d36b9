"""Every safe state of the thin-film laboratory is reached through its driver's light client, also while it moves."""

import asyncio
from datetime import timedelta

import pytest

from instruments.addresses import parse_address
from instruments.transports.connection import Connection
from simulators.errors import ErrorNumber
from tests.instrument_stand import PATIENT
from tests.paper_wire import DRIVERS
from tests.simulated_world import token
from tests.thin_film_stand import open_stand, order

FILM = (("handler", order(1, "mix")), ("spin_a", order(2, "spin")))


async def _run(floor, *orders):
    for name, given in orders:
        assert await floor.start(name, given) is ErrorNumber.NONE
        await floor.advance(floor.now + timedelta(hours=1))


@pytest.mark.parametrize(
    ("name", "place", "given"),
    [
        ("handler", "", order(9, "mix")),
        ("hotplate_a_1", "plate_a_1", order(9, "anneal")),
        ("xrd", "xrd_stage", order(9, "scan")),
        ("uvvis", "uv_stage", order(9, "spectrum")),
        ("lamp_2", "lamp_2", order(9, "illuminate")),
        ("probe", "probe_stage", order(9, "sweep")),
    ],
)
async def test_a_running_program_is_ended_by_the_safe_state(tmp_path, name, place, given):
    async with open_stand(tmp_path, *dict.fromkeys(("handler", "robot", "spin_a", name))) as stand:
        floor, declaration = stand.simulated.floor, stand.lab.instruments[name]
        if place:
            await _run(floor, *FILM, ("robot", order(3, "transfer", target=place)))
        assert await floor.start(name, given) is ErrorNumber.NONE
        # Making a wire imports its protocol's client.
        wire = await asyncio.to_thread(DRIVERS[declaration.driver].wire, parse_address(declaration.address), PATIENT)
        connection = Connection(wire, name, PATIENT)
        (write,) = declaration.safe_state
        assert float(str(await connection.read(write.read_back))) == 1.0
        await connection.write(write.signal, write.value)
        assert float(str(await connection.read(write.read_back))) == write.expected
        assert floor.instruments[name].ask(token(9)).state.name == "FAILED"
        await connection.close()
