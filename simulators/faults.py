"""Named faults of the simulated laboratory, switched on in the lab file, drawn by key.

`simulation.settings` of a lab file may hold `lost_answer_rate`, `slow_program_rate` and `slow_program_factor`, and the
rates of `MISHAPS`; `spin_b.late_antisolvent_rate` is that of one instrument, where the mishap is one of an instrument.
A power cut is no setting: kill the simulator's process.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from lab_agents.records.laboratory import SimulationDeclaration
from simulators.errors import WorldError
from simulators.world.draws import Draws


@dataclass(frozen=True)
class LostAnswer:
    """A Modbus instrument that accepts a program and begins it, but closes the connection instead of answering."""

    rate: float = 0.0

    def strikes(self, draws: Draws, key: str) -> bool:
        """Whether the answer to the start of the act `key` is lost."""
        return self.rate > 0 and draws.uniform(key, "lost answer") < self.rate


@dataclass(frozen=True)
class SlowProgram:
    """A program that takes `factor` times as long as it should."""

    rate: float = 0.0
    factor: float = 3.0

    def stretch(self, draws: Draws, key: str) -> float:
        """By how much the duration of the act `key` is multiplied."""
        return self.factor if self.rate > 0 and draws.uniform(key, "slow program") < self.rate else 1.0


@dataclass(frozen=True)
class Mishap:
    """Something that goes wrong once in a while, with the chance `rate`; keyed by what it happens to."""

    rate: float = 0.0

    def strikes(self, draws: Draws, *key: str) -> bool:
        """Whether it happens to what `key` names."""
        return self.rate > 0 and draws.uniform(*key) < self.rate


MISHAPS: Mapping[str, str] = {
    "drop": "the robot lets a sample fall; per move",
    "clog": "a clogged tip or a bubble swallows 20 to 100 % of a transfer; per transfer",
    "clog_seen": "the handler's pressure sensor notices such a transfer; of those that went wrong",
    "late_antisolvent": "the antisolvent is missed or comes late; per film",
    "offset_step": "a hotplate's surface gets 5 to 15 °C colder for good; per plate and week",
    "shutter_stuck": "the diffractometer's shutter stays shut; per scan",
    "tilted_sample": "a sample lies askew on the diffractometer; per mounting",
    "lamp_failure": "a lamp goes out; per hour of light",
    "wet_glovebox": "moisture gets in for two hours and films oxidize five times as fast; per week",
    "no_contact": "a tip of the probe touches nothing; per sweep",
    "miscount": "a person counts one piece too few in a tray, or a tenth too little in a bottle; per load",
    "refusal": "a controller refuses what it could do; per start",
    "late_answer": "a controller begins a program and answers its start only after `LATE`; per start",
    "disconnect": "a controller hangs up as it begins a program, and listens again after `DEAF`; per start",
    "forgotten_token": "a controller does not know a program any more that it has begun; per start",
    "nan": "a measuring instrument records no numbers; per record",
    "wrong_reading": "a measuring instrument records numbers that are three times too large; per record",
}
"""What may go wrong, and what its rate (`<name>_rate` in the lab file) counts. How often it does in a real laboratory
is an assumption; no source was found."""


LATE, DEAF = 5.0, 1.0
"""Wall seconds: longer than a client waits for an answer, and long enough to be noticed."""

OF_ONE = frozenset(
    {"late_antisolvent", "refusal", "late_answer", "disconnect", "forgotten_token", "nan", "wrong_reading"}
)
"""Mishaps that one instrument may have at a rate of its own."""

SETTINGS = frozenset(
    {
        "lost_answer_rate",
        "slow_program_rate",
        "slow_program_factor",
        "world_seed",
        *(f"{name}_rate" for name in MISHAPS),
    }
)
"""What `simulation.settings` may hold; anything else was misspelt, and would leave a fault switched off."""


@dataclass(frozen=True)
class Faults:
    """The faults of one laboratory."""

    lost_answer: LostAnswer = LostAnswer()
    slow_program: SlowProgram = SlowProgram()
    mishaps: Mapping[str, Mishap] = field(default_factory=dict)

    def mishap(self, name: str, instrument: str = "") -> Mishap:
        """The mishap `name` of `MISHAPS`, of one instrument where it has a rate of its own; without a rate, never."""
        return self.mishaps.get(f"{instrument}.{name}", self.mishaps.get(name, Mishap()))


def declared_faults(simulation: SimulationDeclaration | None, instruments: Collection[str] = ()) -> Faults:
    """The faults that a lab file switches on, for all or for one of its `instruments`.

    Raises:
        WorldError: If there is no such setting or instrument, a rate is no share, or a factor is not positive.
    """
    settings = dict(simulation.settings) if simulation else {}
    own = {f"{instrument}.{name}_rate" for instrument in instruments for name in OF_ONE}
    for name in settings:
        if name not in SETTINGS | own:
            raise WorldError(f"A simulation has no setting {name!r}; it has {', '.join(sorted(SETTINGS))}.")
    lost = LostAnswer(_rate(settings, "lost_answer_rate"))
    factor = _number(settings, "slow_program_factor", 3.0)
    if factor <= 0:
        raise WorldError(f"slow_program_factor is {factor:g}; a program's duration needs a factor above 0.")
    rates = [name for name in settings if name.endswith("_rate") and name.removesuffix("_rate") in MISHAPS] + sorted(
        own & settings.keys()
    )
    mishaps = {name.removesuffix("_rate"): Mishap(_rate(settings, name)) for name in rates}
    return Faults(lost, SlowProgram(_rate(settings, "slow_program_rate"), factor), mishaps)


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
