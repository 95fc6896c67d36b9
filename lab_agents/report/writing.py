"""Writing the report of a state folder's campaign."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from lab_agents.blob_place import blobs_of
from lab_agents.errors import ReportError, TableError
from lab_agents.replayed_table import read_replayed
from lab_agents.report.account import Account
from lab_agents.report.page import render_page
from lab_agents.report.samples import samples_csv
from lab_agents.report.stops import StopsTold, find_stops
from lab_agents.report.telling import tell
from lab_agents.report.truth import Truth
from lab_agents.state_folder import StateFolder, write_atomically
from lab_agents.store.reader import StoreReader


@dataclass(frozen=True)
class Written:
    """Where a report stands, and what it tells."""

    page: Path
    samples: Path
    account: Account
    truth: Truth | None
    stops: StopsTold


def write_report(state: Path, out: Path, campaign: str | None = None) -> Written:
    """Write `index.html` and `samples.csv` of a campaign, by default the last one, finished or not.

    Raises:
        StateFolderError: If `state` is no state folder.
        StoreError: If its store cannot be read.
        BlobError: If nothing that is installed speaks the protocol of the place of the blobs; a blob that is gone costs
            only its figure, and a guard's report that cannot be read only what it says of a stop.
        ReportError: If there is no such campaign, or `out` cannot be written.
    """
    folder = StateFolder.open(state)
    with StoreReader(folder.store) as reader:
        account = tell(reader.entries(), campaign)
    truth = find_truth(folder, account)
    blobs = blobs_of(folder.path)
    stops = find_stops(folder, account)
    page, samples = out / "index.html", out / "samples.csv"
    written_at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    try:
        out.mkdir(parents=True, exist_ok=True)
        write_atomically(page, render_page(account, truth, written_at, blobs, stops).encode())
        write_atomically(samples, samples_csv(account, truth).encode())
    except OSError as error:
        raise ReportError(f"{out} cannot be written: {error.strerror}. Give another folder with --out.") from error
    return Written(page, samples, account, truth, stops)


def find_truth(folder: StateFolder, account: Account) -> Truth | None:
    """The table behind a replayed laboratory; None where there is none, or it is gone: the report does without it."""
    try:
        table = read_replayed(folder)
    except TableError:
        return None
    if table is None or account.plan is None or table.output != account.plan.target.property:
        return None
    return Truth(table, account.plan.target)
