"""Where a laboratory keeps its blobs: in its state folder, or at the URL that its lab file names."""

from pathlib import Path

import yaml

from lab_agents.blobs import ClearableBlobs, open_blobs
from lab_agents.declarations import QUICK_LOADER
from lab_agents.errors import BlobError, StateFolderError
from lab_agents.state_folder import StateFolder


def blobs_of(state: Path) -> ClearableBlobs:
    """The blobs of a state folder.

    Every process and command asks this one function, so that all of them look in one place.

    Raises:
        StateFolderError: If the lab file in the folder cannot be read.
        BlobError: If nothing that is installed speaks the protocol of the place.
    """
    return open_blobs(location_of(state))


def location_of(state: Path) -> str | Path:
    """Directory or URL of the blobs of a state folder.

    Below a URL each state folder has its own part, named by its mark: a collection of garbage in one of them must not
    take what another one names.

    Raises:
        StateFolderError: If the lab file in the folder cannot be read.
        BlobError: If it names a place that does not last.
    """
    folder = StateFolder(state.resolve())
    if folder.is_backup:
        return folder.blobs  # a backup is whole in itself
    url = _declared(folder.lab_file)
    if url is not None and url.startswith("memory:"):
        raise BlobError(
            f"blobs at {url} would be lost with each process. Name a place that lasts, or leave `blobs` out"
        )
    return folder.blobs if url is None else f"{url.rstrip('/')}/{folder.mark}"


def _declared(lab_file: Path) -> str | None:
    """The field `blobs` alone: drivers that a lab file names need not be installed where somebody only looks."""
    try:
        declared = yaml.load(lab_file.read_bytes(), Loader=QUICK_LOADER)
    except FileNotFoundError:
        return None
    except (OSError, yaml.YAMLError) as error:
        raise StateFolderError(f"{lab_file} cannot be read: {error}. Restore it from a backup.") from error
    url = declared.get("blobs") if isinstance(declared, dict) else None
    return None if url is None else str(url)
