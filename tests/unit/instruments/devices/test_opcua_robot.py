"""The robot's calls, as its page says."""

import pytest

from instruments.devices.opcua_robot import OpcUaRobot
from instruments.errors import TransportError
from instruments.programs import Program, StartCode, TokenState
from tests.paper_wire import PaperWire, on_paper

CARRY = Program("0f" * 8, 4, "transfer", {"source": "stage_a", "target": "rack_1"})


async def test_a_transfer_is_one_call_that_answers_with_its_verdict():
    wire = PaperWire(verdict=3)
    assert await OpcUaRobot(on_paper("robot", wire)).send(CARRY) is StartCode.BLOCKED
    assert wire.written == [("Transfer", ("0f" * 8, "4", "stage_a", "rack_1"))]


async def test_a_transfer_can_be_read_after_its_end():
    robot = OpcUaRobot(on_paper("robot", PaperWire(verdict=0, Ask=[(1, ""), (2, "there")])))
    await robot.set(CARRY)
    read = {name: value["value"] for name, value in (await robot.read()).items()}
    assert read == {"robot-source": "stage_a", "robot-target": "rack_1"}


async def test_an_answer_that_is_none_is_a_transport_error():
    robot = OpcUaRobot(on_paper("robot", PaperWire(Ask="what?")))
    with pytest.raises(TransportError, match="'what\\?' about a token"):
        await robot.ask(CARRY)


async def test_halt_writes_the_robots_own_variable():
    wire = PaperWire(Ask=(3, ""))
    robot = OpcUaRobot(on_paper("robot", wire))
    await robot.halt()
    assert wire.written == [("Halt", 1.0)]
    assert (await robot.ask(CARRY)).state is TokenState.FAILED
