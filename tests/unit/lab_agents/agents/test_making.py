"""What is known of a sample whose every step is done."""

from lab_agents.agents.making import Making
from lab_agents.agents.synthesis import RULES
from lab_agents.records.recipe import ActResult
from tests.film_lab import film, film_laboratory
from tests.model_lab import START


def test_a_step_is_found_with_what_it_brought():
    recipe = RULES["film"].prepare("line_a", film_laboratory(), film()).recipe
    result = ActResult(act=0, token="0" * 16, run="r", started_at=START, ended_at=START)
    making = Making("line_a", film(), recipe, {"spin": (result,)}, is_mixture=False)
    assert making.step("spin") == (recipe.steps[1].acts, (result,))
    assert making.step("anneal") == (recipe.steps[3].acts, ())
    assert making.step("polish") == ((), ())
