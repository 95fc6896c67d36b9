"""`lab-agents benchmark processes`: what the processes of a laboratory do together, on this machine.

Everything is real: the broker, the recorder, the agents, the simulated laboratory on its protocols, and the signals.
"""

import asyncio
import math
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from instruments.lab import read_laboratory
from lab_agents.audit import audit
from lab_agents.auditing.report import AuditReport
from lab_agents.benchmarks.blows import GUARD, plan_blows
from lab_agents.benchmarks.figures import Figure, not_run, verdict
from lab_agents.benchmarks.kills import BadNight, Night, Recovery
from lab_agents.benchmarks.log_speed import LogSpeed, measure_log
from lab_agents.benchmarks.quiet_day import Day, QuietDay
from lab_agents.campaign_file import read_campaign
from lab_agents.shipped import find_example

MEMORY = 1.6e9
"""Bytes that a whole laboratory may take."""
DEMO = 180.0
"""Wall seconds that the demonstration may take."""


def benchmark_processes(seeds: int, table: Path | None, progress: Callable[[int, int], None]) -> Sequence[Figure]:
    """The rows: log speed, an undisturbed campaign, and one campaign for each seed that is struck all the time.

    Args:
        seeds: How many disturbed campaigns.
        table: Not used.
        progress: Told blows done and planned.
    """
    del table
    campaign = find_example("opv_blend.yaml")
    with tempfile.TemporaryDirectory(prefix="lab-agents-benchmark-") as name:
        folder = Path(name)
        figures = log_figures(asyncio.run(measure_log(folder / "log")))
        day = asyncio.run(QuietDay(campaign, folder / "day").run())
        figures += day_figures(day)
        nights = []
        laboratory = read_laboratory(read_campaign(campaign).lab_path)
        for seed in range(seeds):
            blows = plan_blows(laboratory, seed)
            night = asyncio.run(BadNight(campaign, folder / f"night{seed}", blows, seed).run(progress))
            nights.append((night, audit(folder / f"night{seed}")))
    return [*figures, *night_figures(nights)]


def log_figures(speed: LogSpeed) -> list[Figure]:
    """The rows of the log's speed; they have no target of their own."""
    return [
        _plain(
            "entries per second through the log, 10 followers", speed.rate, f"{speed.n_entries} entries of one source"
        ),
        _plain("milliseconds from submit to handled, p50", percentile(speed.round_trips, 50) * 1e3, "one at a time"),
        _plain("milliseconds from submit to handled, p99", percentile(speed.round_trips, 99) * 1e3, "one at a time"),
    ]


def day_figures(day: Day) -> list[Figure]:
    """The rows of the undisturbed demonstration."""
    return [
        Figure(
            figure="wall seconds of the undisturbed demonstration",
            target=f"< {DEMO:.0f}",
            measured=day.seconds,
            verdict=verdict(day.code == 0 and day.seconds < DEMO),
            note=f"exit code {day.code}",
        ),
        Figure(
            figure="memory of all processes, MB (PSS)",
            target=f"< {MEMORY / 1e6:.0f}",
            measured=day.total_memory / 1e6,
            verdict=verdict(0 < day.total_memory < MEMORY),
            note=", ".join(f"{name} {size / 1e6:.0f}" for name, size in sorted(day.memory.items())),
        ),
        _plain("actuations per second in it", day.actuations / day.moving, f"{day.actuations} in {day.moving:.0f} s"),
    ]


def night_figures(nights: Sequence[tuple[Night, AuditReport]]) -> list[Figure]:
    """The rows of the disturbed campaigns: recovery of each kind of process, endings, audits."""
    if not nights:
        return [not_run("campaigns under kills", "finish by themselves", "no seeds were asked for")]
    recoveries = [recovery for night, _ in nights for recovery in night.recoveries]
    kinds = list(dict.fromkeys((r.blow.how, r.blow.name) for r in recoveries))
    rows = [_recovery_row(how, name, recoveries) for how, name in sorted(kinds)]
    ended = [night.code == 0 and not night.left for night, _ in nights]
    agreed = [report.agrees for _, report in nights]
    unknown = max(report.unknown_share for _, report in nights)
    n_kills = sum(r.blow.how == "kill" for r in recoveries)
    return [
        *rows,
        Figure(
            figure="campaigns under kills that finished without a person and left no process",
            target="all",
            measured=sum(ended) / len(ended),
            verdict=verdict(all(ended)),
            note=f"{n_kills} kills; left running: {[night.left for night, _ in nights if night.left]}",
        ),
        Figure(
            figure="of these, audited clean: every actuation once, every observation once",
            target="all",
            measured=sum(agreed) / len(agreed),
            verdict=verdict(all(agreed)),
        ),
        Figure(figure="actuations unknown after kills", target="0", measured=unknown, verdict=verdict(unknown == 0)),
    ]


def _recovery_row(how: str, name: str, recoveries: Sequence[Recovery]) -> Figure:
    seconds = [r.seconds for r in recoveries if (r.blow.how, r.blow.name) == (how, name)]
    known = [s for s in seconds if s is not None]
    limit = 20.0 if name == GUARD else 10.0
    p95 = percentile(known, 95) if known else math.inf
    return Figure(
        figure=f"seconds from {how} of {name} to working again, p95",
        target=f"< {limit:.0f}",
        measured=p95 if known else None,
        verdict=verdict(len(known) == len(seconds) and p95 < limit),
        note=f"p50 {percentile(known, 50):.2f}, n {len(seconds)}" if known else f"n {len(seconds)}, none in time",
    )


def _plain(figure: str, measured: float, note: str) -> Figure:
    return Figure(figure=figure, target="printed", measured=measured, verdict="passed", note=note)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value with at least `share` percent of the values at or below it."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share / 100 * len(ordered)) - 1)]
