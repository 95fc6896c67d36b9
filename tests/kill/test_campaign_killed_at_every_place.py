"""A campaign of real behaviours on a bad network, in which every process dies at every place where it waits or commits.

Recorder and agents share an event loop. Whoever comes to a line of our code where it waits, or to the moment before or
after a commit about other kinds of entries than before, at which nobody of its role has died yet, dies there: hundreds
of deaths in one campaign of a few films. Each fifth life leaves no journal. The network loses, doubles, delays and
reorders.
"""

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from lab_agents.bus.faulty import Faults, FaultyCarrier
from lab_agents.messages.course import CampaignFinished, Rearmed, StopRecorded
from lab_agents.messages.frames import Logged
from tests.kill.campaigning import CampaignNight, check_agreed, check_once
from tests.kill.house import EveryPlace, run_house
from tests.model_lab import laboratory, plan

BAD = Faults(loss=0.05, doubling=0.1, delay=0.1, reordering=0.1, most_turns=30)
N_FILMS = 2
"""One of each proposal: what an agent does once more it does at the same places."""
STOPS = (4, 12)
"""After so many of about 19 acts somebody stops the laboratory: while films are made, carried, measured."""
ROLES = (
    "analysis",
    "characterization",
    "guard",
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
    roles = {name: declared.role for name, declared in lab.agents.items()} | {"guard": "guard", "recorder": "recorder"}
    every = EveryPlace(roles.get)
    carrier = FaultyCarrier(seed, BAD)
    campaign = plan(n=N_FILMS, batch=1, seed=seed)
    night = CampaignNight(folder, lab, campaign, carrier, every, lambda _, number: number % 5 == 3, STOPS)
    run_house(night.run)
    assert night.house.errors == []
    assert night.instruments.refused == [], "a start was sent again"
    night.person.check_held(night.instruments.sent)
    log = night.entries()
    (finished,) = [body for body in (logged.entry.record for logged in log) if isinstance(body, CampaignFinished)]
    assert (finished.n_made, finished.n_observed, finished.n_failed) == (N_FILMS, N_FILMS, 0)
    check_once(log)
    check_stops(log)
    check_agreed(night, log)
    return every


def check_stops(log: Sequence[Logged]) -> None:
    """Each stop and each re-arm is told once, in their order."""
    bodies = [logged.entry.record for logged in log]
    told = [(type(body), body.stop) for body in bodies if isinstance(body, StopRecorded | Rearmed)]
    stops = [f"stop-{number + 1}" for number in range(len(STOPS))]
    assert told == [(kind, stop) for stop in stops for kind in (StopRecorded, Rearmed)]


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
