"""The samples of a campaign as a table: CSV, one row a sample, every column with its unit in the name's comment row."""

import csv
import io

from lab_agents.report.account import Account, SampleAccount
from lab_agents.report.truth import Truth


def samples_csv(account: Account, truth: Truth | None) -> str:
    """One row for each proposed sample; empty where something is not known. Times are ISO 8601, UTC."""
    if account.plan is None:
        raise ValueError("no campaign")
    names = [p.name for p in account.plan.space.parameters]
    property_ = account.plan.target.property
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(
        ["sample", "batch", "outcome"]
        + [f"asked_{n}" for n in names]
        + [part for n in names for part in (f"made_{n}", f"made_{n}_deviation")]
        + ["predicted", "predicted_deviation", property_, f"{property_}_deviation", "unit", "recorded_truth"]
        + ["made_by", "made_at", "measured_at", "raw", "run", "model", "analysis_version", "failure"]
    )
    for sample in account.samples.values():
        writer.writerow(_row(account, sample, names, truth))
    return buffer.getvalue()


def _row(account: Account, sample: SampleAccount, names: list[str], truth: Truth | None) -> list[object]:
    made, seen, taken = sample.sample, sample.observation, sample.measurements[-1] if sample.measurements else None
    asked = sample.proposed.candidate.values
    unit = account.plan.target.unit if account.plan is not None else ""
    composition: list[object] = []
    for name in names:
        composition += ["", ""] if made is None else [made.made.values[name], made.made.deviations.get(name, "")]
    return [
        sample.id,
        sample.batch,
        sample.outcome,
        *(asked[n] for n in names),
        *composition,
        _given(sample.proposed.mean),
        _given(sample.proposed.deviation),
        _given(seen.value if seen else None),
        _given(seen.deviation if seen else None),
        unit,
        _given(truth.of(sample) if truth is not None else None),
        made.made_by if made else "",
        made.made_at.isoformat() if made else "",
        taken.taken_at.isoformat() if taken else "",
        taken.raw if taken else "",
        taken.run if taken else "",
        sample.model or "",
        seen.version if seen else "",
        sample.failure or sample.retracted,
    ]


def _given(value: float | None) -> object:
    return "" if value is None else value
