"""The samples of a campaign as a table: CSV, one row a sample; what is not known is empty."""

import csv
import io

from lab_agents.report.account import Account
from lab_agents.report.sample_account import SampleAccount
from lab_agents.report.truth import Truth


def samples_csv(account: Account, truth: Truth | None) -> str:
    """One row for each proposed sample; empty where something is not known. Times are ISO 8601, UTC.

    First the target's objective with its prediction, then each further property that was read of any sample with its
    deviation and unit, and for a target with constraints the joint chance that they hold, and whether it is a hit. The
    last columns count the measurements, retracted since, that the planner knew when it proposed the sample, and list
    the sample's own, by the names that `lab-agents retract` takes.
    """
    plan = account.plan
    if plan is None:
        raise ValueError("no campaign")
    names = [p.name for p in plan.space.parameters]
    others = other_properties(account)
    steps = list(enumerate(plan.measurements)) if len(plan.measurements) > 1 else []
    judged = ["chance", "hit", "unread"] if plan.target.constraints else []
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(
        ["sample", "batch", "outcome"]
        + [f"asked_{n}" for n in names]
        + [part for n in names for part in (f"made_{n}", f"made_{n}_deviation")]
        + ["predicted", "predicted_deviation", plan.target.property, f"{plan.target.property}_deviation", "unit"]
        + [part for n in others for part in (n, f"{n}_deviation", f"{n}_unit")]
        + judged
        + ["recorded_truth", "made_by", "made_at", "measured_at", "raw", "run"]
        + [f"raw_{step + 1}_{kind}" for step, kind in steps]
        + ["model", "analysis_version", "failure", "retracted_known", "measurements"]
    )
    for sample in account.samples.values():
        writer.writerow(
            [sample.id, sample.batch, sample.outcome]
            + _composition(sample, names)
            + [_given(sample.proposed.mean), _given(sample.proposed.deviation)]
            + _quantity(sample, plan.target.property)[:2]
            + [plan.target.unit]
            + [part for name in others for part in _quantity(sample, name)]
            + (_judgement(sample) if judged else [])
            + [_given(truth.of(sample) if truth is not None else None)]
            + _origin(sample, [step for step, _ in steps])
            + [len(account.misled.get(sample.batch, ())), " ".join(m.id for m in sample.measurements)]
        )
    return buffer.getvalue()


def other_properties(account: Account) -> list[str]:
    """Every property beside the objective: those of the target in its order, then what else analysis concluded."""
    if account.plan is None:
        return []
    wanted = [name for name in account.plan.target.properties if name != account.plan.target.property]
    seen = {name for s in account.samples.values() for name in s.observations}
    return wanted + sorted(seen - {*wanted, account.plan.target.property})


def _composition(sample: SampleAccount, names: list[str]) -> list[object]:
    asked, made = sample.proposed.candidate.values, sample.sample
    cells: list[object] = [asked[n] for n in names]
    for name in names:
        cells += ["", ""] if made is None else [made.made.values[name], made.made.deviations.get(name, "")]
    return cells


def _quantity(sample: SampleAccount, name: str) -> list[object]:
    seen = sample.quantity(name)
    return ["", "", ""] if seen is None else [seen.value, seen.deviation, seen.unit]


def _judgement(sample: SampleAccount) -> list[object]:
    unread = "; ".join(f"{name}: {why}" for name, why in sample.missing.items())
    if not sample.is_observed:
        return ["", "", unread]
    return [sample.chance, "yes" if sample.is_hit else "no", unread]


def _origin(sample: SampleAccount, steps: list[int]) -> list[object]:
    made, taken = sample.sample, sample.measurements[-1] if sample.measurements else None
    by_step = {m.step: m.raw for m in sample.measurements}
    return [
        made.made_by if made else "",
        made.made_at.isoformat() if made else "",
        taken.taken_at.isoformat() if taken else "",
        taken.raw if taken else "",
        taken.run if taken else "",
        *(by_step.get(step, "") for step in steps),
        sample.model or "",
        next((o.version for o in sample.observations.values()), ""),
        sample.failure or "; ".join(sample.retracted.values()),
    ]


def _given(value: float | None) -> object:
    return "" if value is None else value
