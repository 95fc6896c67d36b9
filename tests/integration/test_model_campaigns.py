"""Whole campaigns of every behaviour in the model laboratory: order, pace, crashes, faults and silences are drawn."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab_agents.messages.commands import (
    AbortCampaign,
    DenyApproval,
    GiveApproval,
    PauseCampaign,
    ResumeCampaign,
    StartCampaign,
)
from lab_agents.messages.course import (
    AgentDeclaredIn,
    AgentDeclaredOut,
    AwardWithdrawn,
    CampaignClosing,
    CampaignFinished,
    MeasurementConcluded,
    ModelTrained,
    ObservationMade,
    ObservationRetracted,
    ProposalMade,
    TicketOpened,
    WorkAwarded,
)
from lab_agents.messages.entry import Entry
from lab_agents.messages.life import TroubleMet
from lab_agents.messages.work import (
    AwardAccepted,
    AwardDeclined,
    MeasurementTaken,
    ReservationMade,
    ReservationReleased,
    SampleMade,
    SampleQuarantined,
)
from lab_agents.records.autonomy import Autonomy
from lab_agents.records.campaign import Budget
from lab_agents.records.questions import AnalyseArguments, AskArguments, Exhausted, Remeasure
from lab_agents.records.recipe import Task
from lab_agents.report.approvals import AwaitedApprovals, awaited_in
from tests.model_lab import START, ModelLab, analyse, laboratory, plan

QUICK = settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
SEEDS = st.integers(0, 10_000)


def begun(model: ModelLab, **changes: object) -> ModelLab:
    """The laboratory with a campaign started."""
    started = plan(**changes)
    model.say("once-1", StartCampaign(plan=started, person="ada"), started.name)
    return model


def ended(model: ModelLab, *, clean: bool = True) -> CampaignFinished:
    """Run to the end; check what must hold of every campaign, whatever happened in it."""
    model.run()
    finished = model.bodies(CampaignFinished)
    assert len(finished) == 1, model.waits()
    made = Counter(body.sample.id for body in model.bodies(SampleMade))
    observed = Counter(body.observation.sample for body in model.bodies(ObservationMade))
    assert set(made.values()) <= {1}
    assert set(observed.values()) <= {1}
    assert len(made) <= plan_of(model).budget.samples
    assert all(place.startswith("rack") for place in model.world.standing), model.world.standing
    granted = Counter(b.work for b in model.bodies(ReservationMade))
    released = Counter(b.work for b in model.bodies(ReservationReleased) if b.places)
    assert granted == released
    assert set(granted.values()) <= {1}
    check_places(model)
    if clean:
        assert set(observed) == set(made)
        assert Counter(b.model.n_observations for b in model.bodies(ModelTrained)) == Counter(range(1, len(made) + 1))
    assert all(
        type(run.state).model_validate_json(run.state.model_dump_json()) == run.state for run in model.runs.values()
    )
    assert not any(run.state.jobs() for run in model.runs.values())
    assert not any(getattr(run.state, "bookings", {}) for run in model.runs.values())
    assert not any(getattr(run.state, "courses", {}) for run in model.runs.values())
    return finished[0]


def plan_of(model: ModelLab):
    """The plan of the campaign that was started."""
    return model.bodies(StartCampaign)[0].plan


def check_places(model: ModelLab) -> None:
    """No place was ever granted to two works at once."""
    held: dict[str, str] = {}
    for body in model.bodies(ReservationMade, ReservationReleased):
        if isinstance(body, ReservationMade):
            for place in body.places.values():
                assert place not in held, f"{place} is granted to {body.work} while {held[place]} holds it"
                held[place] = body.work
        else:
            held = {place: work for place, work in held.items() if work != body.work or place not in body.places}


def test_a_campaign_of_sixty_films_observes_each_film_once_and_puts_it_in_the_rack() -> None:
    """The whole ring, on the declared laboratory."""
    model = begun(ModelLab(laboratory(), seed=1), n=60, batch=4)
    finished = ended(model)
    assert (finished.n_made, finished.n_observed, finished.n_failed) == (60, 60, 0)
    assert len(model.world.standing) == 60
    by_line = Counter(body.bidder for body in model.bodies(AwardAccepted))
    assert by_line["line_b"] > 5, "a batch is spread over both lines"
    assert max(len(run.state.model_dump_json()) for run in model.runs.values()) < 20_000, "ended work is forgotten"


@QUICK
@given(seed=SEEDS, batch=st.integers(1, 4), early=st.sampled_from([0.0, 0.02, 0.2]))
def test_any_pace_and_any_early_timer_keep_the_promises(seed: int, batch: int, early: float) -> None:
    """Withdrawals race with acceptances, windows close before bids come; still nothing is lost or doubled."""
    model = ModelLab(laboratory(), seed=seed)
    model.chance_of_early_timer = early
    finished = ended(begun(model, n=6, batch=batch, seed=seed))
    assert (finished.n_made, finished.n_failed) == (6, 0)


@QUICK
@given(seed=SEEDS, rate=st.sampled_from([0.002, 0.02]))
def test_agents_that_lose_their_journals_come_back_as_they_were(seed: int, rate: float) -> None:
    """Rebuilt from the log at any moment, each agent has the same state and decides the same entries."""
    model = ModelLab(laboratory(), seed=seed)
    model.chance_of_early_timer = 0.02

    def strike(lab: ModelLab) -> None:
        if lab.rng.random() < rate:
            lab.crash(lab.rng.choice(sorted(lab.runs)))

    model.before_step = strike
    finished = ended(begun(model, n=4, batch=2, seed=seed))
    assert (finished.n_made, finished.n_failed) == (4, 0)


@QUICK
@given(seed=SEEDS, trouble=st.sampled_from(["failed", "unknown", "unknown-not"]), share=st.sampled_from([0.05, 0.3]))
def test_failing_acts_spoil_only_their_own_sample(seed: int, trouble: str, share: float) -> None:
    """Whatever fails, the campaign ends, nothing is measured twice, and the budget holds."""

    def fault(task: Task, act: int) -> str:
        return trouble if int(task.token(act), 16) % 1000 < share * 1000 else ""

    model = ModelLab(laboratory(), seed=seed, fault=fault)
    finished = ended(begun(model, n=6, batch=3, seed=seed), clean=False)
    quarantined = {b.sample for b in model.bodies(SampleQuarantined)}
    observed = {b.observation.sample for b in model.bodies(ObservationMade)}
    assert finished.n_made + len(quarantined - {b.sample.id for b in model.bodies(SampleMade)}) == 6
    assert {b.sample.id for b in model.bodies(SampleMade)} <= quarantined | observed
    assert set(model.world.n_soaks.values()) <= {1}


@QUICK
@given(seed=SEEDS, wait=st.integers(20, 900))
def test_an_aborted_campaign_closes_cleanly(seed: int, wait: int) -> None:
    """Accepted work runs to its outcome, nothing more is begun, everything stands in the rack."""
    model = begun(ModelLab(laboratory(), seed=seed), n=12, batch=4, seed=seed)

    def strike(lab: ModelLab) -> None:
        if len(lab.log) >= wait and not lab.bodies(AbortCampaign):
            lab.say("once-2", AbortCampaign(person="ada", reason="enough"), "opv", "opv")

    model.before_step = strike
    ended(model, clean=False)
    closing = next(i for i, logged in enumerate(model.log) if isinstance(logged.entry.record, CampaignClosing))
    accepted = {b.work for b in model.bodies(AwardAccepted)}
    begun_later = [x.entry.record.work for x in model.log[closing:] if isinstance(x.entry.record, ReservationMade)]
    assert set(begun_later) <= accepted
    observed = {b.observation.sample for b in model.bodies(ObservationMade)}
    assert observed == {b.measurement.sample for b in model.bodies(MeasurementTaken)}


@QUICK
@given(seed=SEEDS, n_rack=st.integers(1, 5))
def test_a_small_rack_ends_the_campaign_with_a_reason_and_never_deadlocks(seed: int, n_rack: int) -> None:
    """Fewer places than films: what fits is made and measured, then a person is asked and the campaign closes."""
    model = begun(ModelLab(laboratory(n_rack), seed=seed), n=6, batch=3, seed=seed)
    finished = ended(model, clean=False)
    assert finished.n_made == finished.n_observed == n_rack
    assert "close the campaign" in finished.reason
    assert any("is full" in b.ticket.trouble.what for b in model.bodies(TicketOpened))


def test_a_full_rack_waits_with_a_reason_while_nobody_answers() -> None:
    """Without a person the laboratory stands still and says why."""
    lab = laboratory(1)
    lab = lab.model_copy(update={"agents": {n: a for n, a in lab.agents.items() if n != "person"}})
    model = begun(ModelLab(lab), n=2, batch=1)
    model.run()
    assert not model.bodies(CampaignFinished)
    assert "waiting for a person: no place of kind rack" in model.waits()["robot: make-opv-0002"]


@QUICK
@given(seed=SEEDS)
def test_work_goes_on_with_the_line_that_is_alive(seed: int) -> None:
    """A dead line is waited for 10 s, then passed over; what only it could do waits until it is back."""
    model = begun(ModelLab(laboratory(), seed=seed), n=6, batch=2, seed=seed)
    model.runs["line_a"].is_alive = False
    model.run()
    assert not model.bodies(CampaignFinished) or all(b.sample.made_by == "line_b" for b in model.bodies(SampleMade))
    if not model.bodies(CampaignFinished):
        assert any("no able bidder alive" in why for why in model.waits().values())
    model.runs["line_a"].is_alive = True
    assert ended(model).n_made == 6


@QUICK
@given(seed=SEEDS)
def test_work_awarded_to_a_line_that_died_is_withdrawn_and_offered_again(seed: int) -> None:
    """The award goes unanswered for 5 s; the next round is won by whoever answers."""
    model = begun(ModelLab(laboratory(), seed=seed), n=4, batch=2, seed=seed)

    def strike(lab: ModelLab) -> None:
        awards = [b for b in lab.bodies(WorkAwarded) if b.bidder.startswith("line")]
        if awards and not lab.bodies(AgentDeclaredOut):
            lab.runs[awards[0].bidder].is_alive = False
            lab.say("supervision", AgentDeclaredOut(agent=awards[0].bidder, reason="test"), awards[0].bidder)

    model.before_step = strike
    model.run()
    dead = model.bodies(AgentDeclaredOut)[0].agent
    model.before_step = lambda lab: None
    model.runs[dead].is_alive = True
    model.say("supervision", AgentDeclaredIn(agent=dead), dead)
    assert ended(model).n_made == 4


def test_a_line_without_stock_declines_or_refuses_and_a_person_is_asked() -> None:
    """Stock for three films: the fourth candidate is refused by both lines, and the campaign closes with the reason."""
    lab = laboratory()
    stocks = tuple(
        c.model_copy(update={"amount": 150.0 if c.unit == "µL" else 100.0})
        if c.name != "inks_b"
        else c.model_copy(update={"amount": 0.0})
        for c in lab.consumables
    )
    model = begun(ModelLab(lab.model_copy(update={"consumables": stocks})), n=4, batch=2)
    finished = ended(model)
    assert finished.n_made == 1
    assert any("of inks_a" in b.ticket.trouble.what for b in model.bodies(TicketOpened))
    assert model.bodies(AwardDeclined), "the second award of the batch finds the stock booked"


def test_a_candidate_that_nobody_can_make_is_feasibility_data_and_costs_no_budget() -> None:
    """Both lines refuse doses below 30 µL; every ask is told which candidates were refused by whom."""
    lab = laboratory()
    limited = {
        name: d.model_copy(
            update={"limits": {q: limit.model_copy(update={"smallest": 10.0}) for q, limit in d.limits.items()}}
        )
        if name.startswith("dispenser")
        else d
        for name, d in lab.instruments.items()
    }
    model = ModelLab(lab.model_copy(update={"instruments": limited}))
    asked: list[AskArguments] = []
    honest = model.compute["ask"]
    model.compute["ask"] = lambda question: asked.append(question) or honest(question)
    finished = ended(begun(model, n=4, batch=2))
    assert finished.n_made == 4
    assert asked[-1].refused
    assert all(r.refused_by == ("line_a", "line_b") for r in asked[-1].refused)
    n_proposed = sum(len(b.proposal.candidates) for b in model.bodies(ProposalMade))
    assert n_proposed == 4 + len(asked[-1].refused)
    assert len(asked[-1].made) == n_proposed - len(model.bodies(ProposalMade)[-1].proposal.candidates)


def test_a_planner_that_proposes_nothing_feasible_asks_a_person() -> None:
    """After ten fruitless proposals the campaign does not spin on."""
    lab = laboratory()
    narrow = {
        name: d.model_copy(
            update={"limits": {q: limit.model_copy(update={"upper": 1.0}) for q, limit in d.limits.items()}}
        )
        if name.startswith("dispenser")
        else d
        for name, d in lab.instruments.items()
    }
    model = begun(ModelLab(lab.model_copy(update={"instruments": narrow})), n=4, batch=2)
    finished = ended(model)
    assert finished.n_made == 0
    assert len(model.bodies(ProposalMade)) == 10
    assert any("was refused as infeasible" in b.ticket.trouble.what for b in model.bodies(TicketOpened))


def test_an_exhausted_planner_ends_the_campaign() -> None:
    """Nothing left to propose after the first batch."""
    model = ModelLab(laboratory())
    honest = model.compute["ask"]
    model.compute["ask"] = lambda q: honest(q) if q.number == 1 else Exhausted(exhausted="the pool is empty")
    finished = ended(begun(model, n=6, batch=2))
    assert finished.n_made == 2
    assert "the pool is empty" in finished.reason


def test_a_failing_ask_is_a_ticket_whose_default_closes_the_campaign() -> None:
    """The planner breaks; nobody is there to say `try again`."""
    model = ModelLab(laboratory())

    def broken(question: AskArguments) -> Exhausted:
        raise RuntimeError("singular matrix")

    model.compute["ask"] = broken
    finished = ended(begun(model, n=2, batch=1))
    assert finished.n_made == 0
    assert any("singular matrix" in b.ticket.trouble.what for b in model.bodies(TicketOpened))


@pytest.mark.parametrize("kind", ["remeasure", "failed", "untrained"])
def test_a_sample_that_gives_no_value_or_no_model_does_not_hold_up_the_campaign(kind: str) -> None:
    """Analysis asks twice for another measurement, or fails; training fails: the next batch comes in any case."""
    model = ModelLab(laboratory())

    def doubtful(question: AnalyseArguments):
        if question.measurement.sample.endswith("0001") and kind != "untrained":
            if kind == "failed":
                raise RuntimeError("no decay")
            return Remeasure(remeasure="too noisy")
        return analyse(question)

    def untrained(question):
        raise RuntimeError("no convergence")

    model.compute["analyse"] = doubtful
    if kind == "untrained":
        model.compute["train"] = untrained
    finished = ended(begun(model, n=2, batch=1), clean=False)
    n_measured = Counter(b.measurement.sample for b in model.bodies(MeasurementTaken))
    assert finished.n_made == 2
    assert finished.n_observed == (2 if kind == "untrained" else 1)
    assert n_measured["opv-0001"] == (3 if kind == "remeasure" else 1)


@QUICK
@given(seed=SEEDS)
def test_awards_that_need_an_approval_bind_only_with_it(seed: int) -> None:
    """The simulated person approves every award after ten minutes."""
    model = begun(ModelLab(laboratory(), seed=seed), n=2, batch=2, seed=seed, autonomy=Autonomy(level="manual"))
    assert ended(model).n_made == 2
    assert all(body.needs_approval for body in model.bodies(WorkAwarded))
    assert not model.bodies(AwardWithdrawn)


@QUICK
@given(seed=SEEDS)
def test_a_denied_candidate_is_never_made_and_another_one_takes_its_place(seed: int) -> None:
    """Grace denies the first candidate and approves whatever else waits; nobody else is asked."""
    first, told, n_told = "make-opv-0001", AwaitedApprovals(), 0

    def answer(model: ModelLab) -> None:
        nonlocal n_told
        for logged in model.log[n_told:]:
            told.take(logged)
        n_told = len(model.log)
        for work, award in told.waiting.items():
            if work == first:
                model.say("once-2", DenyApproval(work=work, round=award.round, person="eve", reason="no"), work, "opv")
                model.say(
                    "once-3", DenyApproval(work=work, round=award.round, person="grace", reason="no"), work, "opv"
                )
            else:
                model.say("once-4", GiveApproval(work=work, round=award.round, person="grace"), work, "opv")

    manual = Autonomy(level="manual", by=("grace",))
    model = ModelLab(laboratory(), seed=seed)
    model.before_step = answer
    assert ended(begun(model, n=2, batch=2, seed=seed, autonomy=manual)).n_made == 2
    assert first not in {body.work for body in model.bodies(AwardAccepted)}
    assert [body.again for body in model.bodies(AwardWithdrawn)] == [False]
    assert [body.trouble.severity for body in model.bodies(TroubleMet)] == ["note"]


def test_a_laboratory_stands_still_while_it_waits_for_people_alone() -> None:
    """However long they think, it costs no laboratory time."""
    model = begun(ModelLab(laboratory()), n=1, batch=1, autonomy=Autonomy(level="manual", by=("grace",)))
    with pytest.raises(AssertionError, match=r"nobody acts, but \['approval of make-opv-0001'\] is owed"):
        model.run()
    assert set(awaited_in(model.log)) == {"make-opv-0001"}
    assert not model.bodies(AwardAccepted)


def test_a_paused_campaign_awards_nothing_until_it_is_resumed() -> None:
    """Work under way goes on; the next begins only after the pause."""
    model = begun(ModelLab(laboratory()), n=4, batch=2)
    model.say("once-2", PauseCampaign(person="ada"), "opv", "opv")
    model.run()
    assert len(model.bodies(SampleMade)) in (0, 2)
    assert not model.bodies(CampaignFinished)
    model.say("once-3", ResumeCampaign(person="ada"), "opv", "opv")
    assert ended(model).n_made == 4


def test_a_campaign_closes_when_its_hours_are_spent() -> None:
    """Three hours of laboratory time are enough for two films in a row."""
    model = begun(ModelLab(laboratory()), n=9, batch=1, budget=Budget(samples=9, hours=3.0))
    finished = ended(model)
    assert 2 <= finished.n_made <= 3
    assert "3 hours" in finished.reason


def test_a_second_campaign_gets_a_name_of_its_own_and_one_beside_an_open_one_is_refused() -> None:
    """One campaign at a time; names are never used twice."""
    model = begun(ModelLab(laboratory()), n=1, batch=1)
    model.say("once-2", StartCampaign(plan=plan(n=1, batch=1), person="bob"), "opv")
    model.run()
    assert [x.entry.campaign for x in model.log if isinstance(x.entry.record, CampaignFinished)] == ["opv"]
    model.say("once-3", StartCampaign(plan=plan(n=1, batch=1), person="bob"), "opv")
    model.run()
    finished = [x.entry.campaign for x in model.log if isinstance(x.entry.record, CampaignFinished)]
    assert finished == ["opv", "opv_2"]
    assert {b.sample.id for b in model.bodies(SampleMade)} == {"opv-0001", "opv_2-0001"}


def test_a_retracted_observation_is_trained_away() -> None:
    """The model after a retraction rests on one observation fewer."""
    model = begun(ModelLab(laboratory()), n=2, batch=1)

    def strike(lab: ModelLab) -> None:
        made = lab.bodies(ObservationMade)
        if len(lab.bodies(MeasurementConcluded)) == 2 and not lab.bodies(ObservationRetracted):
            first = made[0].observation
            retracted = ObservationRetracted(sample=first.sample, measurement=first.measurement, reason="wrong vial")
            lab.say("supervision", retracted, first.sample, "opv")

    model.before_step = strike
    ended(model, clean=False)
    assert [b.model.n_observations for b in model.bodies(ModelTrained)] == [1, 2, 1]


def test_the_same_seed_gives_the_same_log() -> None:
    """Nothing but the log, the seed and the order of calls enters."""
    logs = [ended(begun(ModelLab(laboratory(), seed=7), n=4, batch=2)) and 0 for _ in range(1)]
    models = [begun(ModelLab(laboratory(), seed=7), n=4, batch=2) for _ in range(2)]
    for model in models:
        model.run()
    assert logs
    assert models[0].log == models[1].log
    assert models[0].now > START


@pytest.mark.parametrize(
    "kind",
    [
        "AwardAccepted",
        "ReservationRequested",
        "ReservationMade",
        "TaskStarted",
        "TaskDone",
        "MeasurementTaken",
        "ObservationMade",
        "ModelTrained",
        "WorkAwarded",
        "ProposalMade",
    ],
)
def test_an_entry_that_the_recorder_refuses_fails_its_work_and_nothing_else(kind: str) -> None:
    """The source releases what it had booked; the campaign goes on to its end."""
    model = ModelLab(laboratory())
    refused = []

    def refuses(source: str, entry: Entry) -> bool:
        if entry.kind == kind and not refused:
            refused.append(entry)
            return True
        return False

    model.refuses = refuses
    finished = ended(begun(model, n=3, batch=1), clean=False)
    assert len(refused) == 1
    n_spoiled = 0 if kind in ("AwardAccepted", "WorkAwarded", "ModelTrained") else 1
    assert finished.n_observed == (0 if kind == "ProposalMade" else 3 - n_spoiled)
    assert any(b.ticket.raised_by == refused[0].id.split("/")[0] for b in model.bodies(TicketOpened))
