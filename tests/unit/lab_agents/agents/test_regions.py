"""Where candidates lie."""

from lab_agents.agents.regions import place_of
from lab_agents.records.space import Candidate, DesignSpace, Parameter
from tests.film_lab import film, film_plan


def test_a_film_is_placed_by_its_process_scaled_to_the_space():
    place = place_of(film_plan().space, film(anneal_temperature=150.0, delay=5.0))
    assert sorted(place) == ["anneal_temperature", "anneal_time", "delay", "speed"]
    assert (place["anneal_temperature"], place["delay"]) == (1.0, 0.0)


def test_a_blend_is_placed_by_its_fractions():
    space = DesignSpace(
        parameters=tuple(Parameter(name=n, lower=0.0, upper=1.0) for n in "ab"), simplices=(("a", "b"),)
    )
    assert place_of(space, Candidate(values={"a": 0.25, "b": 0.75})) == {"a": 0.25, "b": 0.75}
