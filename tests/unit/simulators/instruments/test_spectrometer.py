"""Spectra of films and blanks."""

import itertools
import statistics
from dataclasses import replace

import numpy as np
import pytest

from simulators.errors import ErrorNumber
from simulators.ledger import read_ledger
from tests.film_bench import film_on, recorded, run
from tests.simulated_world import token
from tests.thin_film_stand import installed, order


def test_a_film_absorbs_above_its_gap_and_a_blank_nowhere(tmp_path) -> None:
    """From 350 to 1100 nm, against air."""
    with film_on(tmp_path, "uv_stage") as (world, instruments):
        film = recorded(world, instruments, "uvvis", 10, "spectrum")
        run(world, instruments, "robot", order(11, "transfer", source="uv_stage", target="rack_1"))
        run(world, instruments, "robot", order(12, "transfer", source="rack_118", target="uv_stage"))
        blank = recorded(world, instruments, "uvvis", 13, "spectrum")
    assert (film["wavelength"][0], film["wavelength"][-1]) == (350.0, 1100.0)
    ratio = np.array(film["transmittance"]) / np.array(blank["transmittance"])
    assert ratio[:50].max() < 0.2
    assert ratio[-10:].min() > 0.5
    assert min(blank["transmittance"][100:]) > 0.8


def test_averages_calm_the_noise(tmp_path) -> None:
    """Sixty-four averages against one: an eighth of the scatter between neighbours."""
    world, instruments = installed(tmp_path)
    run(world, instruments, "robot", order(1, "transfer", source="rack_118", target="uv_stage"))
    scatter = []
    for number, averages in ((2, 1.0), (3, 64.0)):
        level = recorded(world, instruments, "uvvis", number, "spectrum", averages=averages)["transmittance"][150:]
        scatter.append(statistics.stdev(b - a for a, b in itertools.pairwise(level)))
    world.close()
    assert scatter[0] / scatter[1] == pytest.approx(8, rel=0.3)


def test_the_baseline_starts_anew_with_each_reference(tmp_path) -> None:
    """Drift is small, and is kept in the ledger."""
    with film_on(tmp_path, "uv_stage") as (world, instruments):
        run(world, instruments, "uvvis", order(10, "spectrum"))
        assert abs(instruments["uvvis"].ask(token(10)).details["baseline"]) < 0.02


@pytest.mark.parametrize("averages", [float("nan"), 0.0, 1.5, 201.0])
def test_averages_that_cannot_be_are_refused(tmp_path, averages) -> None:
    """A whole number within its limits."""
    with film_on(tmp_path, "uv_stage") as (_, instruments):
        assert instruments["uvvis"].start(order(10, "spectrum", averages=averages)) is ErrorNumber.LIMIT


def test_a_spectrum_taken_again_has_the_noise_of_the_one_that_was_lost(tmp_path) -> None:
    """The instrument tells a second attempt from the first, the world does not; another act draws anew."""
    world, instruments = installed(tmp_path)
    run(world, instruments, "robot", order(1, "transfer", source="rack_118", target="uv_stage"))
    first = recorded(world, instruments, "uvvis", 2, "spectrum")
    again = replace(order(2, "spectrum"), token=f"{token(2)[:14]}01")
    run(world, instruments, "uvvis", again)
    repeated = instruments["uvvis"].record(again.token)
    other = recorded(world, instruments, "uvvis", 3, "spectrum")
    world.close()
    assert len([line for line in read_ledger(tmp_path / "ledger.jsonl") if line.instrument == "uvvis"]) == 3
    assert repeated == first
    assert other != first
