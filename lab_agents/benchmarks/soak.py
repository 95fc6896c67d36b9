"""`lab-agents benchmark soak`: whether a long campaign costs more and more memory and disk.

One campaign of 2,000 samples goes through all real processes at speed. Its memory is looked at every ten samples; what
is compared are medians of five looks, because a process that has just been asked something holds the answer too.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from lab_agents.benchmarks.big_replay import write_campaign
from lab_agents.benchmarks.disk_use import Disk, weigh_disk
from lab_agents.benchmarks.figures import Figure, not_run, verdict
from lab_agents.benchmarks.long_day import LongDay, Look
from lab_agents.chaos.scorecard import tally

SAMPLES = 2000
WARM = 200
"""Samples after which memory must be flat: caches are full by then, and every kind of work has been done."""
FLAT = 1.10
"""Largest memory of a process from then on, as a share of what it had then."""
WINDOW = 5
"""Looks of which the median is taken."""
JOURNAL = 24e6
"""Bytes that one agent's journal may take at any time: a write-ahead file of 4 MB, and training's state of 2,000
samples, with some trainings that wait, twice: in the file and on its way there."""
PER_SAMPLE: Mapping[str, float] = {"store": 90e3, "blobs": 200e3, "ledger": 6e3, "documents": 60e3}
"""Bytes of a sample that docs/bounds.md promises."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Soak:
    """What one long campaign took.

    Attributes:
        samples: Its budget.
        looks: In order.
        disk: At its end.
        moved: Actuations, by the audit.
        broken: Things lost or done twice, by the audit.
        agrees: Whether the audit found log, ledger and raw data to agree.
        code: Exit code.
        seconds: Wall time.
    """

    samples: int
    looks: Sequence[Look]
    disk: Disk
    moved: int
    broken: int
    agrees: bool
    code: int
    seconds: float


def benchmark_soak(seeds: int, table: Path | None, progress: Progress) -> Sequence[Figure]:
    """The rows of one campaign of 2,000 samples for each seed.

    Args:
        seeds: How many campaigns.
        table: Not used.
        progress: Told samples made and planned.
    """
    del table
    figures: list[Figure] = []
    for seed in range(seeds):
        with tempfile.TemporaryDirectory(prefix="lab-agents-soak-") as name:
            figures += soak_figures(measure_soak(Path(name), SAMPLES, seed, progress))
    return figures


def measure_soak(folder: Path, samples: int, seed: int, progress: Progress) -> Soak:
    """Run one campaign in `folder` and look at it.

    Args:
        folder: A fresh folder; the campaign's files and the state folder stay in it.
        samples: The budget.
        seed: Of the campaign.
        progress: Told samples made and planned.
    """
    campaign, _ = write_campaign(folder, samples, seed)
    state, begun = folder / "state", time.monotonic()
    day = LongDay(campaign, state, samples, progress)
    code = asyncio.run(day.run())
    seconds = time.monotonic() - begun
    counted = tally(state)
    return Soak(
        samples=samples,
        looks=day.looks,
        disk=weigh_disk(state),
        moved=counted.n_moved,
        broken=counted.lost + counted.repeated,
        agrees=counted.agrees,
        code=code,
        seconds=seconds,
    )


def soak_figures(soak: Soak) -> list[Figure]:
    """The rows of one long campaign."""
    return [_ending(soak), _memory(soak), _journals(soak), *_disk(soak)]


def growth(looks: Sequence[Look], warm: int = WARM) -> dict[str, tuple[float, float]]:
    """Of each process its bytes at sample `warm`, and the most from then on: medians of `WINDOW` looks.

    A process that was not there at both is left out.
    """
    after = [look for look in looks if look.samples >= warm]
    names = set.intersection(*(set(look.memory) for look in after)) if after else set()
    found = {}
    for name in sorted(names):
        sizes = [look.memory[name] for look in after]
        medians = [median(sizes[i : i + WINDOW]) for i in range(max(1, len(sizes) - WINDOW + 1))]
        found[name] = medians[0], max(medians)
    return found


def _ending(soak: Soak) -> Figure:
    pace = soak.seconds / soak.samples
    return Figure(
        figure=f"lost or repeated in a campaign of {soak.samples} samples",
        target="0",
        measured=float(soak.broken),
        verdict=verdict(soak.code == 0 and soak.agrees and not soak.broken),
        note=f"exit code {soak.code}, {soak.moved} actuations, {soak.seconds:.0f} s, {pace:.2f} s a sample",
    )


def _memory(soak: Soak) -> Figure:
    figure = f"largest memory of a process after sample {WARM}, as a share of its memory then"
    grown = growth(soak.looks)
    if soak.samples < 2 * WARM or not grown:
        return not_run(figure, f"<= {FLAT:g}", f"it takes at least {2 * WARM} samples, here were {soak.samples}")
    worst = max(most / first for first, most in grown.values())
    told = (f"{name} {first / 1e6:.0f} to {most / 1e6:.0f} MB" for name, (first, most) in _by_growth(grown))
    return Figure(
        figure=figure,
        target=f"<= {FLAT:g}",
        measured=worst,
        verdict=verdict(worst <= FLAT),
        note=", ".join(told),
    )


def _by_growth(grown: Mapping[str, tuple[float, float]]) -> list[tuple[str, tuple[float, float]]]:
    return sorted(grown.items(), key=lambda one: -one[1][1] / one[1][0])


def _journals(soak: Soak) -> Figure:
    sizes = [(size, name) for look in soak.looks for name, size in look.journals.items()]
    if not sizes:
        return not_run("largest journal, MB", f"<= {JOURNAL / 1e6:g}", "no agent had one")
    size, name = max(sizes)
    return Figure(
        figure="largest journal at any time, MB",
        target=f"<= {JOURNAL / 1e6:g}",
        measured=size / 1e6,
        verdict=verdict(size <= JOURNAL),
        note=f"that of {name}, with its write-ahead file",
    )


def _disk(soak: Soak) -> list[Figure]:
    return [
        Figure(
            figure=f"{name} for each sample, kB",
            target=f"<= {most / 1e3:g}",
            measured=soak.disk[name] / soak.samples / 1e3,
            verdict=verdict(soak.disk[name] <= most * soak.samples),
            note=f"{soak.disk[name] / 1e6:.1f} MB at the end",
        )
        for name, most in PER_SAMPLE.items()
    ]
