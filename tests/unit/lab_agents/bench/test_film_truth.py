"""Films of the bench."""

from pathlib import Path

import pytest

from instruments.lab import find_laboratory, read_laboratory
from lab_agents.bench.film_truth import FilmTruth, find_mishaps
from lab_agents.bench.loop import Lost
from lab_agents.campaign_file import read_campaign
from lab_agents.records.space import Candidate
from planners.protocols import Learned, Refused
from simulators.instruments.program import Prepared

EXAMPLES = Path(__file__).parents[4] / "examples"
PLAN = read_campaign(EXAMPLES / "absorber.yaml").plan
LABORATORY = read_laboratory(find_laboratory("thin_film", Path()))
GOOD = Candidate(
    values={
        "cs": 0.1, "fa": 0.9, "ma": 0.0, "pb": 0.3, "sn": 0.7, "i": 0.92, "br": 0.08, "cl": 0.0,
        "anneal_temperature": 125.0, "anneal_time": 28.0, "speed": 4000.0, "delay": 14.0,
    }
)  # fmt: skip


def laboratory(**rates: float):
    """The thin-film laboratory with these faults."""
    simulation = LABORATORY.simulation.model_copy(update={"settings": rates})
    return LABORATORY.model_copy(update={"simulation": simulation})


def test_what_is_concluded_of_a_film_is_near_the_truth() -> None:
    """From raw data, at the composition that the handler reported."""
    truth = FilmTruth(LABORATORY, PLAN)
    learned = truth.observe("absorber-0001", GOOD)
    assert isinstance(learned, Learned)
    true = truth.truth("absorber-0001")
    assert true is not None
    for name in PLAN.target.properties:
        outcome = learned.outcomes[name]
        assert outcome.value == pytest.approx(true.value(name), abs=5 * outcome.deviation)
    assert learned.values != tuple(GOOD.values.values()), "as made, not as asked"


def test_the_same_sample_is_learned_twice_the_same() -> None:
    """Everything is keyed."""
    assert FilmTruth(LABORATORY, PLAN).observe("absorber-0001", GOOD) == FilmTruth(LABORATORY, PLAN).observe(
        "absorber-0001", GOOD
    )


def test_without_analysis_a_film_is_made_and_nothing_is_learned_of_it() -> None:
    """Enough for planners that never look."""
    truth = FilmTruth(LABORATORY, PLAN, analyses=False)
    learned = truth.observe("absorber-0001", GOOD)
    assert isinstance(learned, Learned)
    assert not learned.outcomes
    assert truth.truth("absorber-0001") is not None


def test_a_candidate_that_no_line_can_make_is_refused() -> None:
    """Too hot for any hotplate."""
    hot = Candidate(values={**GOOD.values, "anneal_temperature": 400.0})
    assert isinstance(FilmTruth(LABORATORY, PLAN).observe("absorber-0001", hot), Refused)


def test_a_film_that_falls_is_lost() -> None:
    """And the campaign goes on."""
    lost = FilmTruth(laboratory(drop_rate=1.0), PLAN).observe("absorber-0001", GOOD)
    assert isinstance(lost, Lost)
    assert "fell" in lost.reason


def test_a_missed_antisolvent_is_noticed_by_the_drop_sensor_or_known_to_be_late() -> None:
    """Nothing that the sensor saw missing is taken for a film as asked."""
    truth = FilmTruth(laboratory(late_antisolvent_rate=1.0), PLAN)
    outcomes = [truth.observe(f"absorber-{n:04d}", GOOD) for n in range(1, 9)]
    assert any(isinstance(one, Lost) and "antisolvent" in one.reason for one in outcomes)
    late = [one for one in outcomes if isinstance(one, Learned)]
    assert all(one.values[-1] > 15.0 for one in late)


@pytest.mark.parametrize(
    ("action", "details", "mishap"),
    [
        ("mix", {"delivered": [50.0, 10.0], "asked": [50.0, 50.0]}, "clog"),
        ("spin", {"delay": 600.0}, "missed antisolvent"),
        ("anneal", {"is_wet": 1}, "wet glovebox"),
        ("scan", {"shutter_open": 0, "tilt": 0.0}, "stuck shutter"),
        ("scan", {"shutter_open": 1, "tilt": 2.0}, "tilted sample"),
        ("illuminate", {"fails_at": 60.0}, "lamp failure"),
    ],
)
def test_mishaps_are_read_from_what_really_moved(action: str, details: dict[str, object], mishap: str) -> None:
    """Whether anybody noticed or not."""
    assert find_mishaps(Prepared(action, details, 1.0)) == {mishap}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "delivered", "is_clog"),
    [(1.0, 0.75, False), (1.0, 0.5, True), (0.3, 0.0, False), (50.0, 43.0, False), (50.0, 38.5, True)],
)
def test_a_clog_is_told_from_the_error_that_a_tip_may_have(asked: float, delivered: float, is_clog: bool) -> None:
    """A quarter of a microlitre is within the limits of the smallest tip, of a larger one a quarter is not."""
    done = Prepared("mix", {"delivered": [delivered], "asked": [asked]}, 1.0)
    assert find_mishaps(done) == ({"clog"} if is_clog else set())
