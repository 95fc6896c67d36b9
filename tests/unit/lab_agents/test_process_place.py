"""Where a process stands names everything as every other process of the laboratory names it."""

from pathlib import Path

from lab_agents.blobs import DirectoryBlobs
from lab_agents.process_place import Place
from lab_agents.records.laboratory import AgentDeclaration, Laboratory
from lab_agents.state_folder import StateFolder

SMALL = Laboratory(name="small", agents={"training": AgentDeclaration(role="training")}, instruments={})


def place_in(folder: Path, lab_file: bytes = b"name: small\n") -> Place:
    """A process of a small laboratory."""
    state = StateFolder.create(folder / "state", "small", lab_file)
    return Place("training", "training", 7, state, SMALL, "mqtt://127.0.0.1:1")


def test_a_place_names_topics_and_raw_data(tmp_path: Path) -> None:
    """As every other process of the laboratory names them."""
    place = place_in(tmp_path)
    assert place.topics.build("agent_status", source=place.name) == "lab/small/agents/training/status"
    assert isinstance(place.blobs, DirectoryBlobs)
    assert place.blobs.folder == place.folder.blobs


def test_raw_data_are_where_the_lab_file_in_the_folder_says(tmp_path: Path) -> None:
    """A process, an audit and a collection of garbage read the same file."""
    place = place_in(tmp_path, f"name: small\nblobs: file://{tmp_path}/far\n".encode())
    assert isinstance(place.blobs, DirectoryBlobs)
    assert place.blobs.folder == tmp_path / "far" / place.folder.mark
