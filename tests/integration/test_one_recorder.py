"""One recorder at a time writes a store."""

from pathlib import Path

import pytest

from instruments.lab import find_laboratory, read_laboratory
from lab_agents.assembly import preload, run_recorder
from lab_agents.errors import StateFolderError
from lab_agents.process_place import Place
from lab_agents.state_folder import StateFolder, locked


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Where a recorder's process stands."""
    lab = find_laboratory("opv_replay", Path.cwd())
    folder = StateFolder.create(tmp_path / "state", "opv_replay", lab.read_bytes())
    place = Place("recorder", "recorder", 1, folder, read_laboratory(folder.lab_file), "mqtt://127.0.0.1:1")
    preload(place)
    return place


@pytest.fixture
def _held(place: Place):
    """Another recorder holds the store, and has not written to it."""
    with locked(place.folder.store.with_suffix(".lock")):
        yield
    assert not place.folder.store.exists()


@pytest.mark.usefixtures("_held")
async def test_a_second_recorder_does_not_touch_the_store_of_a_living_one(place: Place) -> None:
    with pytest.raises(StateFolderError, match="is held by process"):
        await run_recorder(place, None)
