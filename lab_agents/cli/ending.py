"""What `run` and `resume` print when they are done."""

import math
from datetime import timedelta

from rich.console import Console
from rich.table import Table

from lab_agents.report.account import Account
from lab_agents.report.truth import Truth, regrets
from lab_agents.report.wording import composition_text, duration, with_deviation

N_BEST = 5
N_REGRETS = 8
"""Steps at which the regret is printed; all of them are in the report."""


def print_summary(console: Console, account: Account, truth: Truth | None) -> None:
    """The best materials with their measured values, and the regret over samples."""
    best = account.best(N_BEST)
    if account.plan is None or not best:
        console.print("No property was concluded.")
        return
    target = account.plan.target
    unit = "" if target.unit == "1" else f" {target.unit}"
    table = Table(title=f"Best materials: {target.direction} {target.property}", title_justify="left", box=None)
    for column, how in (
        ("sample", "left"),
        (f"{target.property}{unit}", "right"),
        ("recorded", "right"),
        ("as made", "left"),
    ):
        if column != "recorded" or truth is not None:
            table.add_column(column, justify=how, no_wrap=True)  # type: ignore[arg-type]
    for sample in best:
        seen = sample.observation
        if seen is None:
            continue
        recorded = truth.of(sample) if truth is not None else None
        cells = [sample.id, with_deviation(seen.value, seen.deviation)]
        cells += [] if recorded is None else [f"{recorded:.4g}"]
        table.add_row(*cells, composition_text(sample.made_values or {}, account.plan.space))
    console.print(table)
    if truth is not None:
        console.print(_regret_line(account, truth), soft_wrap=True, highlight=False)


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
