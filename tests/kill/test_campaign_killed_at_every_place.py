"""A campaign of real behaviours on a bad network, in which every process dies at every place where it waits or commits.

Recorder and agents share an event loop. Whoever comes to a line of our code where it waits, or to the moment before or
after a commit about other kinds of entries than before, at which nobody of its role has died yet, dies there: hundreds
of deaths in one campaign of a few films. Each fifth life leaves no journal. The network loses, doubles, delays and
reorders.
"""

import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab_agents.bus.faulty import Faults, FaultyCarrier
from lab_agents.messages.course import CampaignFinished
from tests.kill.campaigning import CampaignNight, check_agreed, check_once
from tests.kill.house import EveryPlace, run_house
from tests.model_lab import laboratory, plan

BAD = Faults(loss=0.05, doubling=0.1, delay=0.1, reordering=0.1, most_turns=30)
N_FILMS = 3
"""Two of one proposal and one of the next: what an agent does once more it does at the same places."""
ROLES = (
    "analysis",
    "characterization",
    "person",
    "planning",
    "recorder",
    "service",
    "supervision",
    "synthesis",
    "training",
)


@pytest.fixture
def folder() -> Iterator[Path]:
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as name:
        yield Path(name)


def spend(folder: Path, seed: int) -> EveryPlace:
    """One campaign, and what must be true after it; returns who died where."""
    lab = laboratory()
    roles = {name: declared.role for name, declared in lab.agents.items()} | {"recorder": "recorder"}
    every = EveryPlace(roles.get)
    carrier = FaultyCarrier(seed, BAD)
    campaign = plan(n=N_FILMS, batch=2, seed=seed)
    night = CampaignNight(folder, lab, campaign, carrier, every, lambda _, number: number % 5 == 3)
    run_house(night.run)
    assert night.house.errors == []
    assert night.instruments.refused == [], "a start was sent again"
    log = night.entries()
    (finished,) = [body for body in (logged.entry.record for logged in log) if isinstance(body, CampaignFinished)]
    assert (finished.n_made, finished.n_observed, finished.n_failed) == (N_FILMS, N_FILMS, 0)
    check_once(log)
    check_agreed(night, log)
    return every


def check_dead(every: EveryPlace) -> None:
    """All roles died, at many places of their own."""
    died = Counter(role for role, *_ in every.died)
    assert sorted(died) == sorted(ROLES)
    assert min(died.values()) > 50, died


def test_a_campaign_ends_as_if_nobody_had_died(folder: Path) -> None:
    check_dead(spend(folder, seed=1))


@pytest.mark.night
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(100, 120))
def test_more_campaigns_end_as_if_nobody_had_died(folder: Path, seed: int) -> None:
    check_dead(spend(folder, seed))
