"""Several deaths in a row while the network loses, doubles, delays and reorders: still each act once."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from lab_agents.bus.faulty import Faults, FaultyCarrier
from tests.kill.buses import MemoryBuses
from tests.kill.laboratory import ToyLab
from tests.kill.test_killed_at_every_point import assert_done_once

_CHANCE = st.floats(0.0, 0.3)


class BadNights(RuleBasedStateMachine):
    """A task of several acts, killed and restarted until it is let be."""

    def __init__(self) -> None:
        super().__init__()
        shared = Path("/dev/shm")
        self._folder = Path(tempfile.mkdtemp(dir=shared if shared.is_dir() else None))
        self._lab: ToyLab | None = None

    @initialize(
        seed=st.integers(0, 2**20),
        loss=_CHANCE,
        doubling=_CHANCE,
        delay=_CHANCE,
        reordering=_CHANCE,
        in_flight=st.floats(0.0, 0.45),
    )
    def open_the_lab(
        self, seed: int, loss: float, doubling: float, delay: float, reordering: float, in_flight: float
    ) -> None:
        """A network with these faults, and starts that take this long to arrive at the instrument."""
        faults = Faults(loss=loss, doubling=doubling, delay=delay, reordering=reordering, most_turns=40)
        self._lab = ToyLab(self._folder, MemoryBuses(FaultyCarrier(seed, faults)), delay=in_flight)

    @precondition(lambda self: self._lab is not None and self._lab.lives < 5)
    @rule(point=st.integers(1, 500))
    def die(self, point: int) -> None:
        """One life that ends at this point, or well if it has fewer."""
        assert self._lab is not None
        self._lab.live(kill_at=point)

    @precondition(lambda self: self._lab is not None and self._lab.lives)
    @rule()
    def lose_the_journal(self) -> None:
        """The agent's file is gone; the log and the instrument are not."""
        assert self._lab is not None
        self._lab.forget_journal()

    def teardown(self) -> None:
        """Let it be: it ends the task, with every act done once."""
        if self._lab is not None:
            self._lab.live()
            assert_done_once(self._lab)
        shutil.rmtree(self._folder, ignore_errors=True)


TestBadNights = BadNights.TestCase
TestBadNights.settings = settings(max_examples=20, stateful_step_count=5, phases=[Phase.generate])
