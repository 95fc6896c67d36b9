"""A table of samples: what was asked for, what was made, what was observed."""

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path

from lab_agents.store.export.writing import write_lines
from lab_agents.store.reader import StoreReader
from lab_agents.store.summaries import SampleSummary

_FIRST = ("campaign", "sample", "proposal", "made_by", "made_at", "place", "quarantined")
_LAST = (
    "property",
    "value",
    "deviation",
    "unit",
    "observed_at",
    "predicted",
    "predicted_deviation",
    "measurement",
    "raw",
)


def export_samples(state: Path, out: Path, campaign: str | None = None) -> int:
    """Write one row per sample as CSV (UTF-8, comma, header): what was only proposed has no made and observed columns.

    Args:
        state: The state folder.
        out: The file; it is replaced.
        campaign: Only this campaign.

    Returns:
        The number of samples.

    Raises:
        StoreError: If there is no store, or it cannot be read.
        OSError: If the file cannot be written.
    """
    with StoreReader(state / "store.sqlite") as reader:
        samples = reader.samples(campaign)
    parameters = tuple(dict.fromkeys(name for sample in samples for name in _parameters(sample)))
    columns = (
        *_FIRST,
        *(f"asked_{name}" for name in parameters),
        *(f"made_{name}" for name in parameters),
        *(f"made_{name}_deviation" for name in parameters),
        *_LAST,
    )
    write_lines(out, [_csv(columns, [_row(sample) for sample in samples])])
    return len(samples)


def _parameters(sample: SampleSummary) -> tuple[str, ...]:
    asked = sample.made.asked if sample.made else sample.proposed.candidate if sample.proposed else None
    return tuple(asked.values) if asked else ()


def _row(sample: SampleSummary) -> Mapping[str, object]:
    row: dict[str, object] = {name: getattr(sample, name) for name in ("campaign", "sample", "proposal", "place")}
    row["quarantined"] = sample.quarantined
    if sample.proposed is not None:
        row |= {f"asked_{name}": value for name, value in sample.proposed.candidate.values.items()}
        row |= {"predicted": sample.proposed.mean, "predicted_deviation": sample.proposed.deviation}
    if sample.made is not None:
        made = sample.made.made
        row |= {f"asked_{name}": value for name, value in sample.made.asked.values.items()}
        row |= {f"made_{name}": value for name, value in made.values.items()}
        row |= {f"made_{name}_deviation": value for name, value in made.deviations.items()}
        row |= {"made_by": sample.made.made_by, "made_at": sample.made.made_at.isoformat()}
    if sample.observation is not None and sample.observed_at is not None:
        names = ("property", "value", "deviation", "unit", "measurement", "raw")
        row |= {name: getattr(sample.observation, name) for name in names}
        row["observed_at"] = sample.observed_at.isoformat()
    return row


def _csv(columns: tuple[str, ...], rows: Iterable[Mapping[str, object]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
