"""Drivers that promise more than their instruments keep: what the contract must catch."""

from dataclasses import replace

from instruments.devices.modbus_hotplate import ModbusHotplate
from instruments.programs import Answer, Program, TokenState
from instruments.thin_film import MODBUS_HOTPLATE, MODBUS_SPIN_COATER


class DoneInAnyCase(ModbusHotplate):
    """Says that every program is done."""

    async def ask(self, program: Program) -> Answer:
        """Done."""
        answer = await super().ask(program)
        return Answer(TokenState.DONE, answer.readings)


ANNEALS_AGAIN = replace(MODBUS_HOTPLATE, name="anneals_again", traits=replace(MODBUS_HOTPLATE.traits, repeatable=True))
"""A second anneal makes another film of it."""
STOPS_ANY_TIME = replace(
    MODBUS_SPIN_COATER, name="stops_any_time", traits=replace(MODBUS_SPIN_COATER.traits, interruptible=True)
)
"""Half a spin is a spoilt film."""
DONE_IN_ANY_CASE = replace(MODBUS_HOTPLATE, name="done_in_any_case", device="tests.lying_drivers:DoneInAnyCase")
