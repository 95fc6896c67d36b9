"""The handler's calls, as its page says."""

import json

import pytest

from instruments.devices.opcua_handler import OpcUaHandler
from instruments.errors import TransportError
from instruments.programs import Program, StartCode, TokenState
from tests.paper_wire import PaperWire, on_paper
from tests.thin_film_stand import thin_film

LAB = thin_film()
MIX = Program("0f" * 8, 4, "mix", {"vial": "vial_a", "volumes": "csi:40.00;pbi2:40.00"})
DONE = json.dumps(
    {"delivered": {"csi": 40.0, "pbi2": 12.5}, "deviation": {"csi": 0.5, "pbi2": 4.0}, "flagged": ["pbi2"]}
)


def handler(wire):
    """The shipped handler on paper."""
    return OpcUaHandler(on_paper("handler", wire, LAB))


async def test_a_mix_is_one_call_that_answers_with_its_verdict():
    wire = PaperWire(verdict=3)
    assert await handler(wire).send(MIX) is StartCode.BLOCKED
    assert wire.written == [("Mix", ("0f" * 8, "4", "vial_a", "csi:40.00;pbi2:40.00"))]


async def test_a_mixture_can_be_read_after_its_end():
    device = handler(PaperWire(verdict=0, Ask=[(1, ""), (2, DONE)]))
    await device.set(MIX)
    read = {name.removeprefix("handler-"): value["value"] for name, value in (await device.read()).items()}
    assert read == {
        "vial": "vial_a",
        "delivered": "csi:40.00;pbi2:12.50",
        "deviation": "csi:0.50;pbi2:4.00",
        "flagged": "pbi2",
    }


@pytest.mark.parametrize("answer", ["what?", (2, "{}"), (2, "no JSON"), (2, '{"delivered": {"csi": -1}}')])
async def test_an_answer_that_is_none_is_a_transport_error(answer):
    with pytest.raises(TransportError, match="handler answers"):
        await handler(PaperWire(Ask=answer)).ask(MIX)


async def test_halt_writes_the_handlers_own_variable():
    wire = PaperWire(Ask=(3, ""))
    device = handler(wire)
    await device.halt()
    assert wire.written == [("Halt", 1.0)]
    assert (await device.ask(MIX)).state is TokenState.FAILED
