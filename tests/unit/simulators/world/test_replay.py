"""The truth behind a replayed table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_agents.records.laboratory import Channel
from lab_agents.tables import Material, Table
from simulators.errors import WorldError
from simulators.world.draws import Draws
from simulators.world.replay import RecordedTruth, recorded_truth
from tests.simulated_world import TABLE, laboratory

BARRELS = Table(
    ("n", "theta"),
    "toughness",
    (Material((6.0, 0.0), (1.0,)), Material((12.0, 0.0), (20.0,)), Material((6.0, 200.0), (46.0,))),
    "0" * 64,
)
CHANNELS = (Channel(parameter="theta", offset=5.0, scale=0.2), Channel(parameter="n", offset=0.0, scale=5.0))

volumes = st.lists(st.floats(0, 100), min_size=4, max_size=4).filter(lambda v: sum(v) > 1)


@given(volumes, st.floats(0.1, 10))
def test_a_mixture_is_known_by_its_fractions(amounts, factor) -> None:
    """Property: fractions sum to one, and more of the same is the same material."""
    truth = recorded_truth(laboratory(), TABLE)
    inputs = truth.inputs(amounts)
    assert sum(inputs) == pytest.approx(1)
    assert truth.inputs([factor * amount for amount in amounts]) == pytest.approx(inputs)


@given(st.sampled_from(TABLE.materials))
def test_a_recorded_material_is_nearest_to_itself(material) -> None:
    """Property: what is dosed without error is found again."""
    truth = recorded_truth(laboratory(), TABLE)
    amounts = [100 * fraction for fraction in material.inputs]
    assert truth.nearest(truth.inputs(amounts)) == material


def test_a_dose_given_twice_is_another_material() -> None:
    """Twice the first component moves 1:1 to 2:1, whose recorded value differs."""
    truth = recorded_truth(laboratory(), TABLE)
    assert truth.value((50, 50, 0, 0), "film") in (0.30, 0.32)
    assert truth.value((100, 50, 0, 0), "film") == 0.45


def test_one_film_has_one_truth_and_films_share_the_replicates() -> None:
    """The replicate is drawn by the film's key."""
    truth = recorded_truth(laboratory(), TABLE)
    values = [truth.value((50, 50, 0, 0), f"film-{i}") for i in range(40)]
    assert set(values) == {0.30, 0.32}
    assert values == [truth.value((50, 50, 0, 0), f"film-{i}") for i in range(40)]


def test_channels_are_read_by_name_with_offset_and_scale() -> None:
    """A volume is offset + scale * value, whatever the order of channels."""
    truth = RecordedTruth(BARRELS, CHANNELS, Draws(0))
    assert truth.inputs((5.0 + 0.2 * 200, 5.0 * 6, 0, 0)) == pytest.approx((6.0, 200.0))
    assert truth.value((45.0, 30.0, 0, 0), "film") == 46.0


def test_distances_are_in_recorded_ranges() -> None:
    """60 of 200 degrees off is nearer than 3 of 6 struts off."""
    truth = RecordedTruth(BARRELS, CHANNELS, Draws(0))
    assert truth.nearest((8.9, 60.0)).outputs == (1.0,)
    assert truth.nearest((9.1, 60.0)).outputs == (20.0,)


def test_the_scale_of_a_share_is_the_share_itself() -> None:
    """Degradation needs no translation."""
    assert recorded_truth(laboratory(), TABLE).scale == (0.0, 1.0)


def test_any_other_property_is_scaled_into_what_the_tester_can_show() -> None:
    """Every recorded value becomes a share between 0 and 0.9."""
    offset, span = RecordedTruth(BARRELS, CHANNELS, Draws(0)).scale
    shares = [(y - offset) / span for m in BARRELS.materials for y in m.outputs]
    assert min(shares) >= 0
    assert max(shares) <= 0.9


def test_a_table_with_an_input_without_channel_is_refused() -> None:
    """The message names the input and the remedy."""
    with pytest.raises(WorldError, match="input n has no channel"):
        RecordedTruth(BARRELS, CHANNELS[:1], Draws(0))


def test_an_empty_vial_is_no_mixture() -> None:
    """Nothing has no fractions."""
    with pytest.raises(WorldError, match="empty"):
        recorded_truth(laboratory(), TABLE).inputs((0, 0, 0, 0))
