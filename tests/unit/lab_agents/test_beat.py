import asyncio
import os
from contextlib import asynccontextmanager

import pytest

from lab_agents.beat import ALIVE, DRAIN, GO_ON, IDLE, WORKING, Beat
from lab_agents.settings import Settings

SETTINGS = Settings(beat=0.01)


class Watch:
    now = 0.0

    def __call__(self):
        return self.now


class Pair:
    """A child's beat in this process, and the guard's ends of its pipes."""

    def __init__(self):
        self.up, up = os.pipe()
        down, self.down = os.pipe()
        self.watch, self.left = Watch(), asyncio.Event()
        self.child = (up, down)
        os.set_blocking(self.up, False)
        self.beat = Beat(up, down, settings=SETTINGS, monotonic=self.watch, leave=self.left.set)

    async def heard(self, word):
        """The next beats until one is `word`."""
        async with asyncio.timeout(60):
            while True:
                try:
                    if os.read(self.up, 1) == word:
                        return True
                except BlockingIOError:
                    await asyncio.sleep(0)

    async def reached(self, condition):
        async with asyncio.timeout(60):
            while not condition():
                await asyncio.sleep(0)
        return True


@asynccontextmanager
async def paired():
    pair = Pair()
    async with pair.beat:
        yield pair
    for descriptor in (pair.up, pair.down, *pair.child):
        try:
            os.close(descriptor)
        except OSError:
            assert pair.left.is_set()


async def test_a_child_beats_and_hears_its_guard():
    async with paired() as pair:
        assert not pair.beat.guard_is_alive, "nothing may start before the guard was heard"
        assert await pair.heard(ALIVE)
        os.write(pair.down, GO_ON)
        assert await pair.reached(lambda: pair.beat.guard_is_alive)


@pytest.mark.parametrize(("silence", "is_alive"), [(1.9, True), (2.0, False), (60.0, False)])
async def test_a_child_that_misses_its_guard_for_two_seconds_starts_nothing(silence, is_alive):
    async with paired() as pair:
        os.write(pair.down, GO_ON)
        assert await pair.reached(lambda: pair.beat.guard_is_alive)
        pair.watch.now += silence
        assert pair.beat.guard_is_alive == is_alive


async def test_while_draining_a_child_says_whether_it_still_works_until_told_to_go_on():
    async with paired() as pair:
        working = True
        pair.beat.is_working = lambda: working
        os.write(pair.down, DRAIN)
        assert await pair.heard(WORKING)
        assert pair.beat.is_draining
        working = False
        assert await pair.heard(IDLE)
        os.write(pair.down, GO_ON)
        assert await pair.heard(ALIVE)
        assert not pair.beat.is_draining


async def test_the_end_of_the_guards_pipe_ends_the_child():
    async with paired() as pair:
        os.close(pair.down)
        assert await pair.reached(pair.left.is_set)


async def test_a_guard_that_reads_no_more_ends_the_child():
    async with paired() as pair:
        os.close(pair.up)
        assert await pair.reached(pair.left.is_set)
