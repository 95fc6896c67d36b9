"""Compositions and processes for tests of the hidden world."""

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from simulators.world.constants import WorldConstants
from simulators.world.film_state import Composition, Process
from simulators.world.process import Processes
from simulators.world.sites import Sites

CONSTANTS = WorldConstants()
SMOOTH = replace(CONSTANTS, field_deviation=0.0)
"""The world without its random field: what the published numbers are compared with."""


def mixed(cs=0.0, fa=0.0, ma=0.0, sn=0.0, br=0.0, cl=0.0):
    """A composition by what is not lead or iodide."""
    return Composition(cs=cs, fa=fa, ma=ma, sn=sn, i=1.0 - br - cl, br=br, cl=cl)


def sites(*compositions):
    """Their site fractions as arrays."""
    return Sites.of(compositions)


def annealed(temperature=100.0, minutes=10.0, speed=4000.0, delay=18.0):
    """A process, by default with the best antisolvent for a lead film."""
    return Process(temperature=temperature, duration=60.0 * minutes, speed=speed, delay=delay)


def steps(*processes):
    """Processes as arrays."""
    return Processes.of(processes)


@st.composite
def compositions(draw):
    """Any composition."""
    a, b, c = (draw(st.floats(0, 1)) for _ in range(3))
    first, second = sorted((a, b))
    low, high = sorted((c, draw(st.floats(0, 1))))
    return Composition(
        cs=first, fa=second - first, ma=1 - second, sn=draw(st.floats(0, 1)), i=low, br=high - low, cl=1 - high
    )


def processes():
    """Any process of the absorber campaign, and somewhat beyond."""
    return st.builds(annealed, st.floats(20, 250), st.floats(0, 90), st.floats(500, 9000), st.floats(0, 60))


def uniform(n, seed, bromide=0.5, chloride=0.1):
    """`n` points spread evenly over the design space of the absorber campaign, as arrays."""
    generator = np.random.default_rng(seed)
    x = np.empty((0, 3))
    while len(x) < n:
        drawn = generator.dirichlet((1, 1, 1), 20 * n)
        x = np.vstack([x, drawn[(drawn[:, 1] <= bromide) & (drawn[:, 2] <= chloride)]])[:n]
    tin = generator.random(n)
    unit = generator.random((4, n))
    low, wide = np.array([70.0, 180.0, 2000.0, 5.0]), np.array([80.0, 2520.0, 4000.0, 25.0])
    made = Sites(generator.dirichlet((1, 1, 1), n), np.stack([1 - tin, tin], axis=1), x)
    return made, Processes(*(low[:, None] + wide[:, None] * unit))
