"""Channel Access by names, against the simulated dispenser.

The client runs in a process of its own, as a guard's does: its library serves ophyd or us in one process, not both.
"""

import asyncio
import json
import sys

from tests.instrument_stand import CHANNEL_ACCESS, open_stand
from tests.simulated_world import token

CLIENT = """
import asyncio, json, sys
from instruments.addresses import parse_address
from instruments.errors import TransportError
from instruments.transports.channel_access import ChannelAccessWire
from instruments.transports.connection import Connection
from instruments.transports.dispenser_channels import DISPENSER_CHANNELS

async def main(address, token):
    channels = {**DISPENSER_CHANNELS, "ASK": "text", "ANSWER": "text"}
    wire = ChannelAccessWire(parse_address(address), channels, 60.0)
    connection = Connection(wire, "dispenser_b", 60.0)
    await connection.connect()
    # As pyepics leaves a channel that was lost while it asked for its type.
    wire._variables["STATUS"].ftype = 13
    said = [await connection.read("STATUS"), await connection.read("LOW"), await connection.read("HIGH")]
    await connection.write("HALT", 1.0)
    await connection.write("ASK", token)
    said.append(await connection.read("ANSWER"))
    try:
        await connection.read("COLOUR")
    except TransportError as error:
        said.append(str(error))
    other = parse_address("ca://127.0.0.1:1/NOBODY:")
    try:
        await Connection(ChannelAccessWire(other, DISPENSER_CHANNELS, 0.3), "nobody", 60.0).connect()
    except TransportError as error:
        said.append(str(error))
    print(json.dumps(said))

asyncio.run(main(*sys.argv[1:]))
"""


async def test_process_variables_go_by_name_and_nobody_is_said(tmp_path):
    async with open_stand(tmp_path, "dispenser_b"):
        program = (sys.executable, "-c", CLIENT, CHANNEL_ACCESS, token(7))
        client = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.PIPE)
        output, _ = await client.communicate()
    assert client.returncode == 0
    status, low, high, answer, unknown, nobody = json.loads(output.splitlines()[-1])
    assert (status, low, high) == (0.0, 0.0, 100.0)
    assert answer.startswith(f"token={token(7)} state=0 ")
    assert "COLOUR is not connected; known are" in unknown
    assert "no server has NOBODY:HALT" in nobody
