"""The latch of an emergency stop: a file that outlives every process and every power cut."""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from shutil import copyfile
from threading import Lock

from pydantic import Field, ValidationError

from lab_agents.errors import GuardError
from lab_agents.messages.frames import Rearm, StopRequest
from lab_agents.records.base import Record
from lab_agents.state_folder import write_atomically

UNREADABLE = "unreadable-latch"
"""The stop that stands where the file cannot be read."""
N_REPORTED = 20
"""Re-arms that a guard's status repeats, so that a supervision that was away still enters them."""


class LatchState(Record):
    """What the file holds: the stops in force, in order of arrival, and every re-arm there ever was."""

    stops: tuple[StopRequest, ...] = ()
    rearms: tuple[Rearm, ...] = Field(default=())


class Latch:
    """The latch of one machine.

    A file that cannot be read counts as a stop in force (`UNREADABLE`): nobody may conclude from a broken disk that
    it is safe to move. A person lifts it like any other.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._state = _read(path)
        # A stop must hold at once, so `hold` never waits for whoever writes the file.
        self._one_changer, self._one_writer = Lock(), Lock()

    @property
    def is_set(self) -> bool:
        """Whether a stop is in force."""
        return bool(self._state.stops)

    @property
    def stops(self) -> tuple[StopRequest, ...]:
        """The stops in force, the oldest first."""
        return self._state.stops

    @property
    def rearms(self) -> tuple[Rearm, ...]:
        """The last re-arms, the newest last."""
        return self._state.rearms[-N_REPORTED:]

    def is_rearmed(self, stop: str) -> bool:
        """Whether the stop with this id was lifted once: it can never stop anything again."""
        return any(rearm.stop == stop for rearm in self._state.rearms)

    def hold(self, request: StopRequest) -> bool:
        """Latch in memory, at once: from here on nothing starts. `save` puts it on disk.

        Returns:
            False where the stop was lifted before (a retained old request), or is already in force.
        """
        with self._one_changer:
            if self.is_rearmed(request.id) or any(stop.id == request.id for stop in self._state.stops):
                return False
            self._state = LatchState(stops=(*self._state.stops, request), rearms=self._state.rearms)
            return True

    def lift(self, rearm: Rearm) -> None:
        """Re-arm after one stop, on disk first; another one that is in force stays.

        Raises:
            GuardError: If person or reason are missing, or that stop is not in force.
            OSError: If the disk does not take it; nothing is lifted then.
        """
        if not rearm.person.strip() or not rearm.reason.strip():
            raise GuardError("Re-arming names the stop, a person and a reason.")
        with self._one_writer:
            # Looked at by the one who writes: a stop that is saved meanwhile is not written over, nor is this re-arm.
            state = self._lifted(rearm)
            self._write(state)
            with self._one_changer:
                # A stop that came meanwhile stays.
                stops = tuple(stop for stop in self._state.stops if stop.id != rearm.stop)
                self._state = LatchState(stops=stops, rearms=state.rearms)

    def _lifted(self, rearm: Rearm) -> LatchState:
        state = self._state
        request = next((stop for stop in state.stops if stop.id == rearm.stop), None)
        if request is None:
            names = ", ".join(stop.id for stop in state.stops) or "none"
            raise GuardError(f"The stop {rearm.stop!r} is not in force; in force: {names}.")
        left = tuple(stop for stop in state.stops if stop.id != rearm.stop)
        return LatchState(stops=left, rearms=(*state.rearms, rearm.model_copy(update={"request": request})))

    def save(self) -> None:
        """Put the latch on disk.

        Raises:
            OSError: If the disk does not take it.
        """
        with self._one_writer:
            self._write(self._state)

    def _write(self, state: LatchState) -> None:
        write_atomically(self._path, state.model_dump_json(indent=1).encode())


def _read(path: Path) -> LatchState:
    try:
        return LatchState.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return LatchState()
    except (OSError, ValidationError) as error:
        # Copied, not moved: a guard that dies before it saves must leave the next one a file that counts as a stop.
        with suppress(OSError):
            copyfile(path, path.with_suffix(".unreadable"))
        reason = f"The latch {path} could not be read: {str(error).splitlines()[0]}. Look at the laboratory first."
        return LatchState(stops=(StopRequest(id=UNREADABLE, person="guard", reason=reason, at=datetime.now(UTC)),))
