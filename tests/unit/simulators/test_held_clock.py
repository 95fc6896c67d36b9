"""The held clock: never jumps while the laboratory is not at rest."""

import asyncio
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from simulators.held_clock import REPUBLISH, FreeClock, HeldClock, Jump, Rest, Stand, Unattended, Walk, next_step
from tests.simulated_world import START, Ticks

offsets = st.integers(-100, 100).map(lambda s: START + timedelta(seconds=s))
rests = st.builds(
    Rest,
    at_rest=st.booleans(),
    next_timer=st.none() | offsets,
    reason=st.sampled_from(["", "line_a works"]),
    runs_at_wall_speed=st.booleans(),
    campaign_open=st.booleans(),
)
later = st.none() | st.integers(1, 100).map(lambda s: START + timedelta(seconds=s))
tokens = st.frozensets(st.sampled_from(["a", "b"]))
speeds = st.none() | st.floats(0.1, 1000)


class Programs:
    """A timekeeper in memory, with programs by token."""

    def __init__(self, **ends: float) -> None:
        self.now = START
        self.ends = {name: START + timedelta(seconds=s) for name, s in ends.items()}
        self.ended: frozenset[str] = frozenset()

    def next_end(self) -> datetime | None:
        """The first end."""
        return min(self.ends.values(), default=None)

    def running(self) -> frozenset[str]:
        """What runs."""
        return frozenset(self.ends)

    def unacknowledged(self) -> frozenset[str]:
        """What ended."""
        return self.ended

    async def acknowledge(self, tokens: Collection[str]) -> None:
        """Forget."""
        self.ended -= set(tokens)

    async def set_time(self, to: datetime) -> None:
        """Move."""
        self.now = to

    async def end_due(self) -> None:
        """End what is due."""
        due = {name for name, end in self.ends.items() if end <= self.now}
        self.ended |= due
        self.ends = {name: end for name, end in self.ends.items() if name not in due}


class Said:
    """A laboratory that says what a test tells it to."""

    def __init__(self, rest: Rest) -> None:
        self.rest = rest
        self.offered: list[frozenset[str]] = []

    def verdict(self, finished: Collection[str], running: Collection[str]) -> Rest:
        """As told."""
        self.offered.append(frozenset(finished))
        return self.rest

    async def changed(self) -> None:
        """Never by itself."""
        await asyncio.Event().wait()


class Wall:
    """Wall time that a test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        """Seconds."""
        return self.seconds


@given(rests, later, tokens, speeds)
def test_it_moves_on_its_own_only_at_rest_with_every_outcome_known(rest, next_end, waiting, speed) -> None:
    """Property: whatever is said, a step beyond wall speed needs rest, an open campaign and known outcomes."""
    step = next_step(rest, START, next_end, waiting, speed)
    if isinstance(step, Stand):
        assert step.reason
    elif rest.runs_at_wall_speed:
        assert step == Walk(1.0)
    else:
        assert rest.at_rest
        assert rest.campaign_open
        assert not waiting


@given(rests, later, tokens)
def test_a_jump_never_passes_a_program_or_a_timer(rest, next_end, waiting) -> None:
    """Property: nothing that is due is jumped over, and time never runs back."""
    step = next_step(rest, START, next_end, waiting, None)
    if isinstance(step, Jump):
        assert step.to >= START
        assert step.to == min(due for due in (next_end, rest.next_timer) if due is not None)


@given(rests, later, tokens, st.floats(0.1, 1000))
def test_a_limited_speed_never_jumps(rest, next_end, waiting, speed) -> None:
    """Property: with a speed the clock only walks, up to the next thing due."""
    step = next_step(rest, START, next_end, waiting, speed)
    assert not isinstance(step, Jump)
    if isinstance(step, Walk) and not rest.runs_at_wall_speed:
        assert step.until == min(due for due in (next_end, rest.next_timer) if due is not None)


def test_a_timer_that_has_not_rung_holds_the_clock() -> None:
    """An agent whose timer is due has not heard the tick yet; jumping on would make it late."""
    step = next_step(Rest(at_rest=True, next_timer=START), START, START + timedelta(seconds=5), (), None)
    assert step == Stand("the timer due 00:00:00 has not rung")


async def test_it_jumps_to_the_end_of_the_first_program_and_waits_for_its_outcome() -> None:
    """After a jump the token is offered until it is acknowledged; then the next jump follows."""
    keeper, said, ticks = Programs(a=10, b=20), Said(Rest(at_rest=True)), Ticks()
    clock = HeldClock(keeper, said, ticks)
    assert await clock.step() == Jump(START + timedelta(seconds=10))
    assert await clock.step() == Stand("the outcome of a is not in the log")
    assert said.offered[-1] == {"a"}
    said.rest = Rest(at_rest=True, acknowledged=frozenset({"a"}))
    assert await clock.step() == Jump(START + timedelta(seconds=20))


async def test_it_stands_while_no_campaign_is_open_and_says_so() -> None:
    """The reason goes out with the tick."""
    ticks = Ticks()
    await HeldClock(Programs(a=10), Said(Rest(at_rest=True, campaign_open=False)), ticks).step()
    assert ticks.heard == [(START, int(START.timestamp() * 1e6), "no campaign is open")]


async def test_it_walks_at_wall_speed_while_a_guard_is_latched() -> None:
    """Programs end by themselves then, whether anybody is at rest or not."""
    keeper, wall = Programs(a=3), Wall()
    clock = HeldClock(keeper, Said(Rest(at_rest=False, runs_at_wall_speed=True)), Ticks(), monotonic=wall)
    await clock.step()
    wall.seconds += 2
    await clock.step()
    assert keeper.now == START + timedelta(seconds=2)
    assert keeper.ended == frozenset()
    wall.seconds += 2
    await clock.step()
    assert keeper.ended == {"a"}


async def test_wall_time_that_passed_while_it_stood_is_not_walked() -> None:
    """A pause costs no laboratory time, also when the clock may walk again."""
    keeper, wall, said = Programs(a=100), Wall(), Said(Rest(at_rest=True))
    clock = HeldClock(keeper, said, Ticks(), speed=10.0, monotonic=wall)
    await clock.step()
    said.rest = Rest(at_rest=False)
    await clock.step()
    wall.seconds += 50
    said.rest = Rest(at_rest=True)
    await clock.step()
    assert keeper.now == START
    wall.seconds += 1
    await clock.step()
    assert keeper.now == START + timedelta(seconds=10)


async def test_the_tick_goes_out_before_anything_ends() -> None:
    """Whoever sees an end has been told its time."""
    keeper, running = Programs(a=10), []

    async def publish(*, now: datetime, number: int, speed: float | None, held_by: str) -> None:
        running.append((now, "a" in keeper.ends))

    await HeldClock(keeper, Unattended(), publish).step()
    assert running == [(START + timedelta(seconds=10), True)]
    assert keeper.ended == {"a"}


async def test_numbers_grow_with_the_time() -> None:
    """A follower may drop a tick whose number is not larger."""
    keeper, ticks = Programs(a=10, b=20), Ticks()
    clock = HeldClock(keeper, Unattended(), ticks)
    while not isinstance(await clock.step(), Stand):
        pass
    numbers = [number for _, number, _ in ticks.heard]
    assert numbers == sorted(numbers)
    assert len(set(numbers)) == len(ticks.times) == 2


class Until:
    """Ticks that set an event when `reached` holds."""

    def __init__(self, reached: Callable[[datetime, str], bool]) -> None:
        self.happened = asyncio.Event()
        self._reached = reached

    async def __call__(self, *, now: datetime, number: int, speed: float | None, held_by: str) -> None:
        """Look at a tick."""
        if self._reached(now, held_by):
            self.happened.set()


async def test_running_it_ends_every_program_of_an_unattended_laboratory() -> None:
    """The loop goes on without a nudge as long as programs run."""
    keeper, idle = Programs(a=10, b=20), Until(lambda now, held_by: held_by == "nothing is announced")
    running = asyncio.create_task(HeldClock(keeper, Unattended(), idle).run())
    await asyncio.wait_for(idle.happened.wait(), 60)
    running.cancel()
    assert keeper.now == START + timedelta(seconds=20)


async def test_a_nudge_wakes_it_before_its_next_look() -> None:
    """A program that starts is not left waiting for the clock's own rhythm."""
    keeper = Programs()
    idle, moved = Until(lambda now, held_by: bool(held_by)), Until(lambda now, held_by: now > START)

    async def publish(*, now: datetime, number: int, speed: float | None, held_by: str) -> None:
        for listener in (idle, moved):
            await listener(now=now, number=number, speed=speed, held_by=held_by)

    clock = HeldClock(keeper, Unattended(), publish)
    running = asyncio.create_task(clock.run())
    await asyncio.wait_for(idle.happened.wait(), 60)
    before = asyncio.get_running_loop().time()
    keeper.ends["a"] = START + timedelta(seconds=10)
    clock.nudge()
    await asyncio.wait_for(moved.happened.wait(), 60)
    running.cancel()
    assert asyncio.get_running_loop().time() - before < REPUBLISH


async def test_a_free_clock_runs_whatever_anybody_says() -> None:
    """Nothing holds it."""
    keeper, moved = Programs(a=10), Until(lambda now, held_by: now >= START + timedelta(seconds=10))
    running = asyncio.create_task(FreeClock(keeper, moved, 1000.0).run())
    await asyncio.wait_for(moved.happened.wait(), 60)
    running.cancel()
    assert not keeper.ends
