"""What `run` and `resume` print when they are done."""

import math
from datetime import timedelta
from typing import Literal

from rich.console import Console
from rich.table import Table

from lab_agents.records.target import Target
from lab_agents.report.account import Account
from lab_agents.report.sample_account import SampleAccount
from lab_agents.report.target_words import target_text
from lab_agents.report.truth import Truth, regrets
from lab_agents.report.wording import composition_text, count, duration, percent, with_deviation

N_BEST = 5
N_REGRETS = 8
"""Steps at which the regret is printed; all of them are in the report."""


def print_summary(console: Console, account: Account, truth: Truth | None) -> None:
    """The best materials with their measured values, and the regret over samples.

    Of a target with constraints the hits, and where there are fewer, what comes nearest to one.
    """
    best = account.leading(N_BEST)
    if account.plan is None or not best:
        console.print("No property was concluded.")
        return
    target = account.plan.target
    table = Table(title=_title(account, target), title_justify="left", box=None)
    made = {s.id: composition_text(s.made_values or {}, account.plan.space) for s in best}
    for column, how in _columns(target, truth):
        table.add_column(column, justify=how, no_wrap=True)
    for sample in best:
        cells = _cells(sample, target, truth)
        table.add_row(*cells, *(() if target.constraints else (made[sample.id],)))
    console.print(table)
    # Beside so many columns there is no room for what the samples are made of.
    for name in made if target.constraints else ():
        console.print(f" {name} as made: {made[name]}", soft_wrap=True, highlight=False)
    if truth is not None:
        console.print(_regret_line(account, truth), soft_wrap=True, highlight=False)


def _title(account: Account, target: Target) -> str:
    if not target.constraints:
        return f"Best materials: {target.direction} {target.property}"
    n, of = len(account.hits()), count(len(account.observed_samples()), "sample")
    sure = f"each with a chance of at least {percent(target.confidence)}"
    if not n:
        return f"No hit among {of}; the nearest, to {target_text(target)}"
    return f"{count(n, 'hit')} among {of} (*), {sure}: {target_text(target)}"


def _columns(target: Target, truth: Truth | None) -> list[tuple[str, Literal["left", "right"]]]:
    columns: list[tuple[str, Literal["left", "right"]]] = [("sample", "left")]
    columns.append((_headed(target.property, target.unit), "right"))
    columns += [] if truth is None else [("recorded", "right")]
    columns += [(_headed(c.property, c.unit), "right") for c in target.constraints]
    return [*columns, ("chance", "right") if target.constraints else ("as made", "left")]


def _headed(name: str, unit: str) -> str:
    return name if unit == "1" else f"{name} {unit}"


def _cells(sample: SampleAccount, target: Target, truth: Truth | None) -> list[str]:
    recorded = truth.of(sample) if truth is not None else None
    cells = [sample.id, _value(sample, target.property)]
    cells += [] if recorded is None else [f"{recorded:.4g}"]
    cells += [_value(sample, c.property) for c in target.constraints]
    return cells + ([f"{percent(sample.chance)}{' *' if sample.is_hit else '  '}"] if target.constraints else [])


def _value(sample: SampleAccount, name: str) -> str:
    seen = sample.quantity(name)
    return "not read" if seen is None else with_deviation(seen.value, seen.deviation)


def _regret_line(account: Account, truth: Truth) -> str:
    values = regrets(account.observed_samples(), truth)
    step = max(1, math.ceil(len(values) / N_REGRETS))
    at = sorted({*range(step - 1, len(values), step), len(values) - 1})
    steps = ", ".join(f"{i + 1}: {values[i]:.3g}" for i in at)
    found, of = truth.share_of_top(account.observed_samples())
    return (
        f"Regret against the best recorded material ({truth.best:.4g}) after samples {steps}\n"
        f"Of the table's best 5 % ({of} materials) {found} were made."
    )


def print_cost(console: Console, account: Account, wall: timedelta, peak: int) -> None:
    """Time and memory."""
    memory = f"; memory at most {peak / 2**20:,.0f} MB (PSS of all processes)" if peak else ""
    console.print(
        f"Laboratory time {duration(account.lab_time)}, wall time {duration(wall)}{memory}",
        highlight=False,
        soft_wrap=True,
    )
