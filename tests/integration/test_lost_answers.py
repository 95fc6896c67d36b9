"""An answer that is lost on its way never doubles an actuation, and never loses one."""

import asyncio

import pytest

from instruments.addresses import parse_address
from instruments.errors import TransportError
from lab_agents.settings import Settings
from tests.instrument_stand import ABOUT, CutWire, coat, dose, new_vial, open_gate, open_stand, soak, transfer
from tests.simulated_world import token

MADE = (("line_a", new_vial()), ("line_a", dose()), ("line_a", coat()))
CARRIED = (*MADE, ("robot", transfer("stage_a", "stage_t")))
IMPATIENT = Settings(request=3.0)
"""Clients of Modbus and SCPI notice a lost connection only when their limit is over."""
CASES = {
    "modbus": ("line_a", new_vial(), ()),
    "opc.tcp": ("robot", transfer("stage_a", "stage_t"), MADE),
    "scpi": ("tester", soak(), CARRIED),
}
NEEDED = {
    "modbus": ("dispenser_a",),
    "opc.tcp": ("dispenser_a", "coater_a", "robot"),
    "scpi": ("dispenser_a", "coater_a", "robot", "tester"),
}


@pytest.mark.parametrize("protocol", CASES)
async def test_a_start_whose_answer_is_lost_is_found_out_and_executed_once(tmp_path, protocol):
    agent, act, before = CASES[protocol]
    async with open_stand(tmp_path, *NEEDED[protocol]) as stand:
        for number, (owner, earlier) in enumerate(before, start=100):
            engine = await stand.engine(owner)
            await engine.perform(earlier, 0, token(number), open_gate, ABOUT)
            await engine.close()
        declaration = stand.lab.instruments[act.instrument]
        address = parse_address(declaration.address)
        cut = CutWire(address.port)
        there = declaration.model_copy(update={"address": str(address.at_port(await cut.start()))})
        lab = stand.lab.model_copy(update={"instruments": {**stand.lab.instruments, act.instrument: there}})
        engine = await stand.engine(agent, lab=lab, settings=IMPATIENT)
        cut.swallows = True
        stand.jumps = False
        waiting = asyncio.create_task(engine.perform(act, 0, token(1), open_gate, ABOUT))
        if protocol == "scpi":
            # The tester's error queue is emptied first; let that answer through.
            cut.swallows = False
        await stand.has_started(token(1))
        cut.swallows = True
        await asyncio.sleep(0.3)
        cut.hang_up()
        cut.swallows = False
        await stand.finish()
        result = await waiting
        assert result.token == token(1)
        assert stand.intents.of(token(1)) == ["intend", "done"]
        assert await stand.executed(token(1)) == 1
        await engine.close()
        await cut.close()


async def test_a_start_that_never_left_is_reported_as_such_and_may_be_sent_again(tmp_path):
    async with open_stand(tmp_path, "dispenser_a") as stand:
        declaration = stand.lab.instruments["dispenser_a"]
        address = parse_address(declaration.address)
        cut = CutWire(address.port)
        there = declaration.model_copy(update={"address": str(address.at_port(await cut.start()))})
        engine = await stand.engine("line_a", lab=stand.lab.model_copy(update={"instruments": {"dispenser_a": there}}))
        await cut.close()
        with pytest.raises(TransportError) as lost:
            await engine.perform(new_vial(), 0, token(1), open_gate, ABOUT)
        assert not lost.value.sent
        assert stand.intents.of(token(1)) == ["intend", "not started"]
        assert await stand.executed(token(1)) == 0
