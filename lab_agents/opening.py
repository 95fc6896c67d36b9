"""Whether a log may go on with a laboratory: what a changed lab file must leave as it was."""

from lab_agents.blobs import Blobs
from lab_agents.errors import BlobError, StoreError
from lab_agents.messages.entry import Body
from lab_agents.messages.life import LabChanged, LabOpened
from lab_agents.records.laboratory import Laboratory


def check_goes_on(last: Body, laboratory: Laboratory, blobs: Blobs, n_open: int) -> LabOpened | LabChanged:
    """The last word of the log on its laboratory, if it may go on with `laboratory`. Blocks where blobs are looked for.

    Args:
        last: The newest `LabOpened` or `LabChanged`.
        laboratory: The laboratory as declared now.
        blobs: Where it keeps raw data.
        n_open: Campaigns that were started and have not finished.

    Raises:
        StoreError: If the log is none of this program, a campaign is open in another laboratory, or the raw data behind
            the log is not where the lab file says.
    """
    if not isinstance(last, LabOpened | LabChanged):
        raise StoreError("The log does not begin with LabOpened; it was not made by this program.")
    if last.laboratory != laboratory and n_open:
        raise StoreError(
            "The lab file changed while a campaign is open. Put the former file back and end the campaign first "
            "(lab-agents abort), or choose another --state."
        )
    if last.laboratory.blobs != laboratory.blobs:
        _check_moved(blobs, last.file, laboratory)
    return last


def _check_moved(blobs: Blobs, file: str, laboratory: Laboratory) -> None:
    """Raw data must be where the lab file says: an audit of the log would find nothing behind it."""
    try:
        blobs.get(file)
    except BlobError as error:
        where = laboratory.blobs or "the state folder"
        raise StoreError(
            f"The lab file keeps blobs at {where}, but those of this log are not there ({error}). Copy them first, "
            "or put the former `blobs` back."
        ) from error
