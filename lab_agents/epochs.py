"""Epochs: numbers that only grow, one for each start of a child, so that what an older process does can be refused."""

from pathlib import Path

from lab_agents.errors import StateFolderError
from lab_agents.state_folder import read_json, write_json


class EpochCounter:
    """The counter of one machine, in its own file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def last(self) -> int:
        """The epoch given out last; 0 before the first.

        Raises:
            StateFolderError: If the file is there and holds no counter: guessing would give out an epoch twice.
        """
        if not self._path.exists():
            return 0
        value = read_json(self._path).get("epoch")
        if not isinstance(value, int) or value < 0:
            raise StateFolderError(f"{self._path} holds no epoch but {value!r}. Restore it from a backup.")
        return value

    def next(self, *, above: int = 0) -> int:
        """Give out the next epoch, greater than `above` too; it is on disk before anybody can use it."""
        epoch = max(self.last, above) + 1
        write_json(self._path, {"epoch": epoch})
        return epoch
