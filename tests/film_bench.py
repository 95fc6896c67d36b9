"""Films on the stages of a simulated thin-film laboratory, without wires."""

from contextlib import contextmanager
from datetime import timedelta

from simulators.errors import ErrorNumber
from tests.simulated_world import token
from tests.thin_film_stand import installed, order


@contextmanager
def film_on(folder, place, **settings):
    """A world and its instruments, with an annealed film on `place`."""
    world, instruments = installed(folder, **settings)
    steps = (
        ("handler", order(1, "mix")),
        ("spin_a", order(2, "spin")),
        ("robot", order(3, "transfer", target="plate_a_1")),
        ("hotplate_a_1", order(4, "anneal")),
        ("robot", order(5, "transfer", source="plate_a_1", target=place)),
    )
    for name, given in steps:
        run(world, instruments, name, given)
    yield world, instruments
    world.close()


def run(world, instruments, name, given):
    """Carry one order out to its end."""
    assert instruments[name].start(given) is ErrorNumber.NONE, (name, given)
    world.advance(world.now + timedelta(hours=1))


def recorded(world, instruments, name, number, command, **changes):
    """The record of one measurement."""
    run(world, instruments, name, order(number, command, **changes))
    return instruments[name].record(token(number))
