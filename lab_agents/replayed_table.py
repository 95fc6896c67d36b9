"""Joining a replayed laboratory with its table: which table it replays, and how inputs become volumes."""

from pathlib import Path

from pydantic import ValidationError
from pydantic_core import to_json

from lab_agents.campaign_file import CampaignFile
from lab_agents.errors import StateFolderError, TableError
from lab_agents.records.base import Record, Sha256
from lab_agents.records.laboratory import Channel, Laboratory
from lab_agents.records.space import DesignSpace
from lab_agents.records.table import TableDeclaration
from lab_agents.state_folder import StateFolder, write_atomically
from lab_agents.tables import Table, read_table

LOWEST, HIGHEST = 20.0, 80.0
"""µL that the ends of an input's range become where the lab file leaves the channels to the table: well above the
smallest volume of any line, and four of them fit the vial."""
SIMPLEX_TOTAL = 100.0
"""µL of a whole mixture, likewise."""


class KeptTable(Record):
    """Which table the laboratory of a state folder replays: where it stands, its content when the state was made."""

    declaration: TableDeclaration
    path: str
    content: Sha256


def kept_table_file(folder: StateFolder) -> Path:
    """Where a state folder says which table its simulated laboratory replays."""
    return folder.simulator / "table.json"


def keep_table(folder: StateFolder, campaign: CampaignFile) -> None:
    """Write down which table the laboratory replays, or check that it is the one it replays already.

    Raises:
        StateFolderError: If the laboratory replays another table: its world would change under its samples.
    """
    if campaign.table is None or campaign.table_path is None or campaign.data is None:
        return
    wanted = KeptTable(declaration=campaign.table, path=str(campaign.table_path), content=campaign.data.content)
    kept = read_kept(folder)
    if kept is not None and (kept.content, _meaning(kept)) != (wanted.content, _meaning(wanted)):
        raise StateFolderError(
            f"The laboratory in {folder.path} replays {kept.path} (content {kept.content[:10]}); this campaign replays "
            f"{wanted.path} (content {wanted.content[:10]}). Give another folder with --state."
        )
    write_atomically(kept_table_file(folder), to_json(wanted, indent=1))


def read_kept(folder: StateFolder) -> KeptTable | None:
    """What `keep_table` wrote, or None.

    Raises:
        StateFolderError: If it cannot be read.
    """
    path = kept_table_file(folder)
    try:
        return KeptTable.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise StateFolderError(f"{path} cannot be read: {error}. Restore it from a backup.") from error


def read_replayed(folder: StateFolder) -> Table | None:
    """The table that the laboratory of a state folder replays, or None where it replays none.

    Raises:
        TableError: If the file is gone, or is not the one that the laboratory was opened with.
    """
    kept = read_kept(folder)
    if kept is None:
        return None
    path = Path(kept.path)
    if not path.is_file():
        raise TableError(
            f"The table {path} that this laboratory replays is gone. Bring it back, content {kept.content}."
        )
    table = read_table(kept.declaration, path)
    if table.content != kept.content:
        raise TableError(
            f"{path} has changed since this laboratory was opened: its content was {kept.content[:10]}, now it is "
            f"{table.content[:10]}. Bring the former file back, or start in a fresh folder with --state."
        )
    return table


def laboratory_file(lab_path: Path, laboratory: Laboratory, space: DesignSpace) -> bytes:
    """The lab file as the laboratory opens it: with channels for the table's inputs where it leaves them open."""
    data = lab_path.read_bytes()
    if laboratory.channels or laboratory.simulation is None or laboratory.simulation.world != "replay":
        return data
    lines = [f"  - {to_json(channel).decode()}" for channel in channels_for(space)]
    added = ["# Added by `run`: how the inputs of the replayed table become volumes, in µL.", "channels:", *lines]
    return data.rstrip(b"\n") + b"\n" + "\n".join(added).encode() + b"\n"


def channels_for(space: DesignSpace) -> tuple[Channel, ...]:
    """One channel for each parameter: its range becomes `LOWEST` to `HIGHEST` µL, or it is a share of the whole."""
    if space.is_mixture:
        return tuple(Channel(parameter=p.name, scale=SIMPLEX_TOTAL) for p in space.parameters)
    channels = []
    for p in space.parameters:
        scale = (HIGHEST - LOWEST) / (p.upper - p.lower)
        channels.append(Channel(parameter=p.name, offset=LOWEST - scale * p.lower, scale=scale))
    return tuple(channels)


def _meaning(kept: KeptTable) -> TableDeclaration:
    """What of a declaration decides the world; where the file stands does not."""
    return kept.declaration.model_copy(update={"package": None, "path": None})
