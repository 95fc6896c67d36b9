"""Named faults of the simulated laboratory, switched on in the lab file, drawn by key.

`simulation.settings` of a lab file may hold `lost_answer_rate`, `slow_program_rate` and `slow_program_factor`. A power
cut is no setting: kill the simulator's process.
"""

from dataclasses import dataclass

from lab_agents.records.laboratory import SimulationDeclaration
from simulators.errors import WorldError
from simulators.world.draws import Draws


@dataclass(frozen=True)
class LostAnswer:
    """A Modbus instrument that accepts a program and begins it, but closes the connection instead of answering."""

    rate: float = 0.0

    def strikes(self, draws: Draws, token: str) -> bool:
        """Whether the answer to the start of `token` is lost."""
        return self.rate > 0 and draws.uniform(token, "lost answer") < self.rate


@dataclass(frozen=True)
class SlowProgram:
    """A program that takes `factor` times as long as it should."""

    rate: float = 0.0
    factor: float = 3.0

    def stretch(self, draws: Draws, token: str) -> float:
        """By how much the duration of `token` is multiplied."""
        return self.factor if self.rate > 0 and draws.uniform(token, "slow program") < self.rate else 1.0


@dataclass(frozen=True)
class Faults:
    """The faults of one laboratory."""

    lost_answer: LostAnswer = LostAnswer()
    slow_program: SlowProgram = SlowProgram()


def declared_faults(simulation: SimulationDeclaration | None) -> Faults:
    """The faults that a lab file switches on.

    Raises:
        WorldError: If a rate is no share, or a factor is not positive.
    """
    settings = dict(simulation.settings) if simulation else {}
    lost = LostAnswer(_rate(settings, "lost_answer_rate"))
    factor = _number(settings, "slow_program_factor", 3.0)
    if factor <= 0:
        raise WorldError(f"slow_program_factor is {factor:g}; a program's duration needs a factor above 0.")
    return Faults(lost, SlowProgram(_rate(settings, "slow_program_rate"), factor))


def _rate(settings: dict[str, float | int | str], name: str) -> float:
    rate = _number(settings, name, 0.0)
    if not 0 <= rate <= 1:
        raise WorldError(f"{name} is {rate:g}; give a share from 0 to 1.")
    return rate


def _number(settings: dict[str, float | int | str], name: str, default: float) -> float:
    value = settings.get(name, default)
    if isinstance(value, str):
        raise WorldError(f"{name} is {value!r}; give a number.")
    return float(value)
