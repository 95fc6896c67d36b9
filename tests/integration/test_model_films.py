"""Whole campaigns of films in the model laboratory: shared instruments, lanes, chains that may not wait, retries."""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import pairwise

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lab_agents.messages.commands import StartCampaign
from lab_agents.messages.course import CampaignFinished, TicketOpened
from lab_agents.messages.work import (
    ConsumableLoaded,
    ConsumableUsed,
    ReservationMade,
    ReservationReleased,
    SampleMade,
    SampleQuarantined,
    TaskDone,
    TaskFailed,
    TaskStarted,
)
from lab_agents.records.laboratory import Laboratory
from lab_agents.records.recipe import Task
from simulators.hands import find_trays
from tests.film_lab import ask_films, film_laboratory, film_plan, with_trays
from tests.model_lab import Fault, ModelLab

# Without shrinking: a failing campaign is as small as its log, and shrinking one takes minutes.
QUICK = settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
SEEDS = st.integers(0, 10_000)


def begun(
    seed: int,
    n: int = 8,
    fault: Fault = lambda task, act: "",
    batch: int = 4,
    lab: Callable[[Laboratory], Laboratory] = lambda lab: lab,
    **line_settings: object,
) -> ModelLab:
    """The laboratory with a campaign started; `lab` changes its file."""
    model = ModelLab(lab(film_laboratory(**line_settings)), seed=seed, fault=fault)
    model.compute["ask"] = ask_films
    model.say("once-1", StartCampaign(plan=film_plan(n=n, batch=batch, seed=seed), person="ada"), "films")
    return model


def ended(model: ModelLab) -> CampaignFinished:
    """Run to the end; check what must hold of every campaign, whatever happened in it."""
    model.run()
    finished = model.bodies(CampaignFinished)
    assert len(finished) == 1, model.waits()
    assert all(place.startswith(("rack", "quarantine")) for place in model.world.standing), model.world.standing
    granted = Counter(b.work for b in model.bodies(ReservationMade))
    assert granted == Counter(b.work for b in model.bodies(ReservationReleased) if b.places)
    for run in model.runs.values():
        assert not run.state.jobs()
        assert not getattr(run.state, "bookings", {})
        assert not getattr(run.state, "courses", {})
    check_lanes(model)
    return finished[0]


def spans(model: ModelLab) -> Iterator[tuple[str, datetime, datetime]]:
    """Instrument, start and end of every act that was done."""
    tasks = {(b.task.id, b.task.attempt): b.task for b in model.bodies(TaskStarted)}
    acts = {task.token(n): act for task in tasks.values() for n, act in enumerate(task.acts)}
    for body in model.bodies(TaskDone, TaskFailed):
        for result in body.results:
            yield acts[result.token].instrument, result.started_at, result.ended_at


def check_lanes(model: ModelLab) -> None:
    """No instrument ever did two things at once."""
    by_instrument = defaultdict(list)
    for instrument, start, end in spans(model):
        by_instrument[instrument].append((start, end))
    for instrument, times in by_instrument.items():
        times.sort()
        assert all(a[1] <= b[0] for a, b in pairwise(times)), instrument


def most_at_once(model: ModelLab, prefix: str) -> int:
    """How many instruments whose name begins so worked at the same time."""
    times = [(start, end) for instrument, start, end in spans(model) if instrument.startswith(prefix)]
    return max(sum(s <= start < e for s, e in times) for start, _ in times)


def test_a_line_anneals_on_several_plates_while_it_spins_the_next_film() -> None:
    """And all that it used is written down, whoever's instrument used it."""
    model = begun(seed=3, n=16, batch=8)
    finished = ended(model)
    assert (finished.n_made, finished.n_failed) == (16, 0)
    assert max(most_at_once(model, f"hotplate_{x}") for x in "ab") >= 3
    assert most_at_once(model, "spin") >= 1
    annealing = [(s, e) for i, s, e in spans(model) if i.startswith("hotplate_a")]
    spinning = [(s, e) for i, s, e in spans(model) if i == "spin_a"]
    assert any(s1 < s2 and e2 < e1 for s1, e1 in annealing for s2, e2 in spinning)
    used = Counter(b.consumable for b in model.bodies(ConsumableUsed))
    assert used["substrates_a"] + used["substrates_b"] == used["tips"] == 16
    made = model.bodies(SampleMade)[0].sample
    assert set(made.made.values) == set(made.asked.values)
    assert most_at_once(model, "lamp") >= 2


def test_one_work_in_flight_is_one_work_at_a_time() -> None:
    """The setting is what lets the plates be used together."""
    model = begun(seed=3, n=4, in_flight=1)
    assert ended(model).n_made == 4
    assert max(most_at_once(model, f"hotplate_{x}") for x in "ab") == 1


@QUICK
@given(seed=SEEDS, early=st.sampled_from([0.0, 0.02]))
def test_any_pace_keeps_the_promises_and_never_deadlocks(seed: int, early: float) -> None:
    """Works of both lines share handler, robot and racks; each holds all its places or none."""
    model = begun(seed=seed)
    model.chance_of_early_timer = early
    finished = ended(model)
    assert (finished.n_made, finished.n_failed) == (8, 0)


@QUICK
@given(seed=SEEDS, rate=st.sampled_from([0.002, 0.01]))
def test_agents_that_lose_their_journals_come_back_as_they_were(seed: int, rate: float) -> None:
    """With tasks on several instruments under way, and retries counted."""
    model = begun(seed, 4, lambda task, act: "refused" if task.attempt == 0 and task.name == "spin" else "")

    def strike(lab: ModelLab) -> None:
        if lab.rng.random() < rate:
            lab.crash(lab.rng.choice(sorted(lab.runs)))

    model.before_step = strike
    finished = ended(model)
    assert (finished.n_made, finished.n_failed) == (4, 0)


@QUICK
@given(
    seed=SEEDS,
    trouble=st.sampled_from(["failed", "unknown", "unknown-not", "refused", "lost"]),
    share=st.sampled_from([0.05, 0.2]),
)
def test_whatever_fails_spoils_only_its_own_sample_and_the_campaign_ends(seed: int, trouble: str, share: float) -> None:
    """Retries, quarantines and tickets, on chains whose places are given back one by one."""

    def fault(task: Task, act: int) -> str:
        is_measuring = task.name == "measure"
        # Of the token's digits only the last ones differ between attempts.
        strikes = random.Random(task.token(act)).random() < share
        return trouble if strikes and (trouble != "lost" or is_measuring) else ""

    model = begun(seed, 6, fault)
    finished = ended(model)
    quarantined = {b.sample for b in model.bodies(SampleQuarantined) if b.sample.startswith("films")}
    assert finished.n_made + len(quarantined - {b.sample.id for b in model.bodies(SampleMade)}) == 6


@QUICK
@given(seed=SEEDS, miscounts=st.sampled_from([0.0, 0.5]))
def test_trays_that_run_low_are_loaded_and_no_film_is_lost(seed: int, miscounts: float) -> None:
    """Nothing begins on an instrument whose tray is in doubt; what it counts itself stands in the log."""
    model = begun(seed, 16, lab=with_trays)
    model.world.miscounts = miscounts
    finished = ended(model)
    assert (finished.n_made, finished.n_failed) == (16, 0)
    loads = model.bodies(ConsumableLoaded)
    assert {"substrates_a", "substrates_b", "tips"} & {load.consumable for load in loads}
    trays = find_trays(model.lab)
    for name in ("substrates_a", "substrates_b", "tips"):
        owner = "handler" if name == "tips" else f"line_{name[-1]}"
        assert model.runs[owner].state.supplies[name].left == model.world.count(trays[name])
        assert model.runs["line_a"].state.stock.get(name) in (None, model.world.count(trays[name]))
        assert model.runs["line_b"].state.stock.get(name) in (None, model.world.count(trays[name]))


def test_what_did_not_move_is_tried_again_and_costs_no_sample() -> None:
    """Each first attempt at spinning is refused; the second one, a quarter of an hour later, is not."""
    model = begun(5, 4, lambda task, act: "refused" if task.attempt == 0 and task.name == "spin" else "")
    finished = ended(model)
    assert (finished.n_made, finished.n_failed) == (4, 0)
    failures = [b for b in model.bodies(TaskFailed) if not b.moved]
    assert len(failures) == 4
    retried = [b.task for b in model.bodies(TaskStarted) if b.task.attempt == 1]
    assert {task.name for task in retried} == {"spin"}


def test_a_measurement_whose_data_are_lost_is_made_again() -> None:
    """Without any policy, and without a new award."""
    lost: set[str] = set()

    def fault(task: Task, act: int) -> str:
        is_film = task.name == "measure" and task.sample.startswith("films")
        is_first = is_film and task.attempt == 0 and task.sample not in lost
        lost.update({task.sample} if is_first else ())
        return "lost" if is_first else ""

    model = begun(5, 4, fault)
    finished = ended(model)
    assert (finished.n_observed, finished.n_failed) == (4, 0)
    assert sum(b.repeatable for b in model.bodies(TaskFailed)) == 4


def test_a_film_that_waited_too_long_is_not_annealed_and_says_why() -> None:
    """The robot refuses to come for one film, and is asked again a minute later: that film has dried."""
    refused = ("films-0001", "to_plate")
    model = begun(5, 4, lambda t, act: "refused" if (t.sample, t.name) == refused else "", dry_wait=30.0)
    finished = ended(model)
    assert (finished.n_made, finished.n_failed) == (3, 1)
    (late,) = [b for b in model.bodies(TaskFailed) if "could not begin within 30 s" in b.cause]
    assert (late.sample, late.step, late.moved) == ("films-0001", 2, False)
    assert {b.sample for b in model.bodies(SampleQuarantined)} == {"films-0001"}
    assert "films-0001" not in {b.task.sample for b in model.bodies(TaskStarted) if b.task.name == "anneal"}
    assert model.bodies(TicketOpened)
