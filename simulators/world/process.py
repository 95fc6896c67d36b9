"""What coating and annealing do to a film."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from simulators.world.constants import Rate, WorldConstants
from simulators.world.film_state import Process
from simulators.world.kinetics import rate_at
from simulators.world.sites import Sites, Values


@dataclass(frozen=True)
class Processes:
    """n processes as arrays of shape (n,): anneal in °C and s, speed in 1/min, delay in s."""

    temperature: Values
    duration: Values
    speed: Values
    delay: Values

    @classmethod
    def of(cls, processes: Sequence[Process]) -> "Processes":
        """The processes as arrays."""
        table = np.array([(p.temperature, p.duration, p.speed, p.delay) for p in processes]).reshape(-1, 4)
        return cls(*table.T)


def thickness(processes: Processes, constants: WorldConstants) -> Values:
    """Thickness in nm: falls with the root of the speed [Meyerhofer 1978]."""
    ratio = constants.reference_speed / processes.speed
    return np.asarray(constants.thickness * ratio**constants.thickness_power)


def best_delay(speed: Values, tin: Values, constants: WorldConstants) -> Values:
    """The delay (s) at which the antisolvent works best: earlier at higher speed and with tin."""
    ratio = constants.reference_speed / speed
    return np.asarray(constants.best_delay * ratio**constants.delay_power * (1 - constants.delay_tin * tin))


def quality(sites: Sites, processes: Processes, constants: WorldConstants, drift: float = 0.0) -> Values:
    """Quality of the antisolvent step, 0 to 1; `drift` (s) is by how much the air delays the best moment."""
    late = processes.delay - best_delay(processes.speed, sites.sn, constants) - drift
    return np.asarray(np.exp(-0.5 * (late / constants.delay_width) ** 2))


def solvate_left(processes: Processes, constants: WorldConstants) -> Values:
    """Share of the solvate that the anneal did not convert (Avrami)."""
    done = rate_at(constants.conversion, processes.temperature) * processes.duration
    return np.asarray(np.exp(-(done**constants.conversion_order)))


def cation_lost(rate: Rate, sites: Sites, processes: Processes, constants: WorldConstants) -> Values:
    """Share of a volatile cation that the anneal drove out, of those there were; tin speeds it up."""
    speed = rate_at(rate, processes.temperature) * (1 + constants.loss_tin * sites.sn)
    return np.asarray(-np.expm1(-speed * processes.duration))


def weight_of_a(sites: Sites, constants: WorldConstants) -> Values:
    """How fast tin oxidizes beside these A cations, relative to Cs."""
    return np.asarray(sites.a @ np.array(constants.oxidation_a))


def oxidized(sites: Sites, processes: Processes, constants: WorldConstants, oxidation: float, tin4: float) -> Values:
    """Share of a film that is oxidized tin: what the stock brought (`tin4` of its tin) and what the anneal added."""
    speed = oxidation * rate_at(constants.oxidation, processes.temperature)
    speed = speed * sites.sn**constants.oxidation_power * weight_of_a(sites, constants)
    return np.asarray(1 - (1 - tin4 * sites.sn) * np.exp(-speed * processes.duration))


def grain_size(processes: Processes, made: Values, constants: WorldConstants) -> Values:
    """Grain size in nm: its square grows linearly; a poor antisolvent step (`made`, 0 to 1) leaves smaller grains."""
    grown = rate_at(constants.grain_growth, processes.temperature) * processes.duration
    relative = constants.grain_least + (1 - constants.grain_least) * made
    return np.asarray(np.sqrt(constants.grain_start**2 + grown) * relative)


def microstrain(sites: Sites, made: Values, constants: WorldConstants) -> Values:
    """Relative microstrain: more in films of poor quality (`made`, 0 to 1) and of mixed halides."""
    mixed = 2 * (1 - np.sum(sites.x**2, axis=1))
    return np.asarray(constants.strain + constants.strain_quality * (1 - made) + constants.strain_mixing * mixed)


def scattered(process: Process, generator: np.random.Generator, constants: WorldConstants) -> Process:
    """A process as one film went through it: temperature, speed and delay off by a little.

    For laboratories without instruments; where instruments are simulated the scatter is theirs.
    """
    temperature, speed, delay = generator.standard_normal(3)
    return replace(
        process,
        temperature=process.temperature + float(temperature) * constants.scatter_temperature,
        speed=process.speed * (1 + float(speed) * constants.scatter_speed),
        delay=max(process.delay + float(delay) * constants.scatter_delay, 0.0),
    )
