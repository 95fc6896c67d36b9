"""Control films from end to end: through every agent in memory, and in the simulated world with a cold hotplate."""

import csv
import io
import json
from dataclasses import dataclass

import pytest

from instruments.lab import read_laboratory
from lab_agents.agents.charts import judge_controls
from lab_agents.bench.film_truth import FilmTruth
from lab_agents.campaign_file import read_campaign
from lab_agents.messages.commands import StartCampaign
from lab_agents.messages.course import (
    CampaignFinished,
    ControlJudged,
    ModelTrained,
    ObservationRetracted,
    TicketClosed,
    TicketOpened,
)
from lab_agents.messages.work import SampleMade
from lab_agents.records.control import ControlLimits, Controls, control_id, is_control
from lab_agents.records.questions import AnalyseArguments, AskArguments, Found
from lab_agents.records.space import Candidate
from lab_agents.report.samples import samples_csv
from lab_agents.report.telling import tell
from lab_agents.shipped import find_example
from tests.model_lab import MATERIALS, ModelLab, analyse, ask, laboratory, plan

CONTROLS = Controls(
    every=2,
    recipe=dict.fromkeys(MATERIALS, 0.25),
    properties={"degradation": ControlLimits(deviation=0.05)},
)
DRIFTED = control_id("opv", 3)


def analyse_drifting(question: AnalyseArguments) -> object:
    """What the model laboratory concludes, until the second control film finds the tester two units off."""
    answer = analyse(question)
    if question.measurement.sample != DRIFTED or not isinstance(answer, Found):
        return answer
    (seen,) = answer.observations
    return Found(observations=(seen.model_copy(update={"value": seen.value + 2.0}),))


@dataclass
class Drifted:
    """A campaign of five batches of two, whose third meets drift, and the question behind each of its proposals."""

    model: ModelLab
    asked: dict[int, AskArguments]


@pytest.fixture(scope="module")
def drifted():
    """Nobody answers but the simulated person."""
    asked: dict[int, AskArguments] = {}

    def noted(question: AskArguments) -> object:
        asked[question.number] = question
        return ask(question)

    model = ModelLab(laboratory(), seed=3)
    model.compute |= {"ask": noted, "analyse": analyse_drifting}
    model.say("once-1", StartCampaign(plan=plan(n=10, batch=2, controls=CONTROLS), person="ada"), "opv")
    model.run()
    return Drifted(model, asked)


def test_drift_is_found_in_a_campaign_of_all_agents_and_the_campaign_goes_on(drifted):
    """Control films beside the batches, a verdict each, one ticket, a model without what is in doubt, and an end."""
    model = drifted.model
    (finished,) = model.bodies(CampaignFinished)
    made = [body.sample for body in model.bodies(SampleMade)]
    assert {s.id for s in made if s.kind == "control"} == {control_id("opv", b) for b in (1, 3, 5)}
    assert finished.n_made == sum(not is_control(s.id) for s in made) == 10
    assert {b.sample: b.rule for b in model.bodies(ControlJudged)} == {
        control_id("opv", 1): "",
        DRIFTED: "1-3s",
        control_id("opv", 5): "",
    }
    (ticket,) = [b.ticket for b in model.bodies(TicketOpened) if "calibrated" in b.ticket.trouble.remedies]
    assert [b.answer for b in model.bodies(TicketClosed) if b.ticket == ticket.id] == ["go on"]


def test_what_is_in_doubt_is_retracted_and_every_proposal_that_used_it_is_marked(drifted):
    """In the log, in the account of the report, and in the table of samples."""
    model = drifted.model
    gone = model.bodies(ObservationRetracted)
    (judged,) = [b for b in model.bodies(ControlJudged) if b.rule]
    assert len(gone) == judged.n_retracted > 0
    assert not any(is_control(one.sample) for one in gone)
    known = {one.measurement: one.proposals for one in gone}
    for measurement, proposals in known.items():
        used = {n for n, q in drifted.asked.items() if any(o.measurement == measurement for o in q.observations)}
        assert set(proposals) == used
    account = tell(model.log)
    assert {n: sorted(m) for n, m in account.misled.items()} == {
        n: sorted(m for m, proposals in known.items() if n in proposals) for p in known.values() for n in p
    }
    rows = csv.DictReader(io.StringIO(samples_csv(account, None)))
    assert {int(row["batch"]) for row in rows if int(row["retracted_known"])} == set(account.misled)


def test_no_model_and_no_question_knows_a_control_film_or_what_was_retracted_before(drifted):
    """The models after the retraction rest on what is left."""
    model = drifted.model
    n_gone = len(model.bodies(ObservationRetracted))
    counts = [body.model.n_observations for body in model.bodies(ModelTrained)]
    assert max(counts) <= 10
    assert counts[-1] == 10 - n_gone
    assert not any(is_control(o.sample) for q in drifted.asked.values() for o in q.observations)


def test_a_hotplate_that_gets_cold_is_seen_by_the_control_films_of_the_bad_day():
    """From raw patterns, at the limits of the shipped campaign, and not before it happened."""
    file = read_campaign(find_example("absorber_bad_day.yaml"))
    controls = file.plan.controls
    declared = read_laboratory(file.lab_path)
    only = declared.simulation.model_copy(update={"seed": 5, "settings": {"offset_step_rate": 1.0}})
    bench = FilmTruth(declared.model_copy(update={"simulation": only}), file.plan.model_copy(update={"seed": 5}))
    fractions = []
    for number in (1, 21, 41):
        sample = control_id(file.plan.name, number)
        bench.observe(sample, Candidate(values=controls.recipe))
        fractions.append(bench.films[sample].values["perovskite_fraction"].value)
    first, *later = fractions
    verdict = judge_controls(later, first, 2**0.5 * controls.properties["perovskite_fraction"].deviation)
    assert (verdict.rule, verdict.broken_at, verdict.last_good) == ("1-3s", 1, 0), json.dumps(fractions)
