"""What is true of films, read from the ledger of whoever made them."""

from lab_agents.bench.film_campaign import film_campaign
from lab_agents.bench.film_truth import FilmTruth
from lab_agents.bench.loop import run_bench
from lab_agents.bench.made_truth import true_films
from planners.catalogue import make_planner
from simulators.ledger import Ledger
from simulators.world.things import Things


def test_a_ledger_tells_what_is_true_of_the_films_in_it(tmp_path, monkeypatch):
    """The same as the bench knows of the films that it made itself; of a sample that was never made, nothing."""
    campaign = film_campaign("demo")
    budget = campaign.plan.budget.model_copy(update={"samples": 3})
    plan = campaign.plan.model_copy(update={"budget": budget})
    truth = FilmTruth(campaign.laboratory, plan, analyses=False)
    ledger, apply = Ledger(tmp_path / "ledger.jsonl"), Things.apply

    def write_down(things, line):
        ledger.append(line)
        return apply(things, line)

    with monkeypatch.context() as spying:
        spying.setattr(Things, "apply", write_down)
        course = run_bench(plan, None, make_planner("random", {}), truth)
    ledger.close()
    known = {sample: truth.truth(sample) for sample in course.samples}
    assert true_films(campaign, tmp_path, [*course.samples, "absorber-0999"]) == known
