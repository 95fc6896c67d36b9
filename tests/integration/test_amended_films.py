"""Films that people amend at any instant, while agents lose their journals: one course for all, nothing done twice."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from lab_agents.messages.commands import AmendWork, StartCampaign
from lab_agents.messages.course import AmendmentAdmitted, BudgetSpent, CampaignFinished
from lab_agents.messages.work import SampleMade, TaskStarted, WorkAmended
from lab_agents.records.amendment import Amendment, RepeatStep, SetArgument, UseLine
from lab_agents.records.campaign import Budget
from tests.film_lab import ask_films, film_laboratory, film_plan
from tests.integration.test_model_films import QUICK as USUAL
from tests.integration.test_model_films import SEEDS, begun, ended
from tests.model_lab import ModelLab

RATE = 0.02
QUICK = settings(USUAL, max_examples=3)
CHANGES: tuple[Amendment, ...] = (
    RepeatStep(step="anneal"),
    SetArgument(step="anneal", argument="duration", value=600.0),
    SetArgument(step="spin", argument="speed", value=3000.0),
    UseLine(line="line_b"),
)


def meddle(lab: ModelLab) -> None:
    """Now and then a person amends some film, or takes a change back; now and then an agent's journal is lost."""
    if lab.rng.random() < RATE:
        number = lab.rng.randint(1, 4)
        takes_back = lab.rng.random() < 0.3
        wish = AmendWork(
            work=f"make-films-{number:04d}",
            amendment=None if takes_back else lab.rng.choice(CHANGES),
            reverts=lab.rng.randint(1, 3) if takes_back else None,
            person="ada",
            reason="r",
        )
        lab.say(f"once-{len(lab.log)}", wish, wish.work)
    if lab.rng.random() < RATE / 10:
        lab.crash(lab.rng.choice(sorted(lab.runs)))


@QUICK
@given(seed=SEEDS)
def test_amended_films_are_made_once_and_as_they_were_amended(seed):
    """What was executed is what the recipe said at that instant; a repeated step has a token of its own."""
    model = begun(seed, 4)
    model.before_step = meddle
    finished = ended(model)
    assert (finished.n_made, finished.n_failed) == (4, 0)
    tasks = [body.task for body in model.bodies(TaskStarted)]
    assert max(Counter((task.id, task.attempt) for task in tasks).values()) == 1
    tokens = [token for task in tasks for token in task.tokens]
    assert len(set(tokens)) == len(tokens)
    for sample in (body.sample for body in model.bodies(SampleMade)):
        anneals = [t for t in tasks if t.sample == sample.id and t.name.startswith("anneal")]
        minutes = sum(float(t.acts[0].arguments["duration"]) for t in anneals) / 60
        assert abs(sample.made.values["anneal_time"] - minutes) < 1e-9
    amended = {(b.work, b.version) for b in model.bodies(WorkAmended)}
    assert amended <= {(b.work, b.version) for b in model.bodies(AmendmentAdmitted)}


@QUICK
@given(seed=SEEDS, most=st.sampled_from([3.0, 5.0]))
def test_a_budget_of_substrates_is_never_overdrawn(seed, most):
    """The campaign closes by itself, and what was made is measured."""
    limited = Budget(samples=8, consumables={"substrates_a": most, "substrates_b": 1.0})
    model = ModelLab(film_laboratory(), seed=seed)
    model.compute["ask"] = ask_films
    plan = film_plan(n=8, batch=4, seed=seed, budget=limited)
    model.say("once-1", StartCampaign(plan=plan, person="ada"), "films")
    finished = ended(model)
    assert isinstance(finished, CampaignFinished)
    assert model.world.drawn.get("spin_a", 0.0) <= most
    assert model.world.drawn.get("spin_b", 0.0) <= 1.0
    assert len(model.bodies(BudgetSpent)) == 1
    assert finished.n_observed == finished.n_made == most + 1
