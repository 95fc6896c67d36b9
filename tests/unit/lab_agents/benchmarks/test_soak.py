"""The rows of a long campaign."""

from dataclasses import replace

from lab_agents.benchmarks.long_day import Look
from lab_agents.benchmarks.soak import JOURNAL, Soak, growth, soak_figures

LOOKS = tuple(
    Look(n, {"planning": 40_000_000 + n * 500, "robot": 70_000_000}, {"planning": n}) for n in range(10, 500, 10)
)
SOAK = Soak(
    samples=500,
    looks=LOOKS,
    disk={"store": 10, "blobs": 10, "ledger": 10, "documents": 10},
    moved=4000,
    broken=0,
    agrees=True,
    code=0,
    seconds=500.0,
)


def test_growth_is_counted_from_the_sample_after_which_memory_is_warm() -> None:
    """A process that grows by half a kilobyte a sample is compared by medians of five looks."""
    grown = growth(LOOKS, warm=200)
    first, most = grown["planning"]
    assert (first, most) == (40_000_000 + 220 * 500, 40_000_000 + 470 * 500)
    assert grown["robot"] == (70_000_000, 70_000_000)


def test_a_flat_campaign_passes_every_row() -> None:
    """Seven of them."""
    assert [row.verdict for row in soak_figures(SOAK)] == ["passed"] * 7


def test_one_process_that_grows_by_a_fifth_fails_its_row_by_name() -> None:
    """The worst one is told first."""
    looks = tuple(replace(look, memory={**look.memory, "run": 50_000_000 + look.samples * 40_000}) for look in LOOKS)
    row = next(row for row in soak_figures(replace(SOAK, looks=looks)) if "memory" in row.figure)
    assert row.verdict == "failed"
    assert row.note.startswith("run 59 to 69 MB")


def test_a_journal_beyond_its_bound_fails_its_row() -> None:
    """Whenever that was."""
    looks = (*LOOKS, Look(500, {}, {"training": int(JOURNAL) + 1}))
    row = next(row for row in soak_figures(replace(SOAK, looks=looks)) if "journal" in row.figure)
    assert (row.verdict, row.note.split(",")[0]) == ("failed", "that of training")


def test_something_lost_or_another_exit_code_fails_the_campaign() -> None:
    """Even if memory is flat."""
    for changed in (replace(SOAK, code=1), replace(SOAK, broken=1), replace(SOAK, agrees=False)):
        assert soak_figures(changed)[0].verdict == "failed"


def test_a_short_campaign_says_nothing_of_memory() -> None:
    """It would have no time to grow."""
    rows = soak_figures(replace(SOAK, samples=300))
    assert [row.verdict for row in rows if "memory" in row.figure] == ["not run"]
