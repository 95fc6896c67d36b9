"""The thin-film laboratory for tests of agents: its file, with settings of its lines, candidates and a campaign."""

import json
import random
from pathlib import Path

import yaml

from lab_agents.records.campaign import CampaignPlan
from lab_agents.records.laboratory import Laboratory
from lab_agents.records.proposal import Proposal, ProposedCandidate
from lab_agents.records.questions import AskArguments, sample_id
from lab_agents.records.space import Candidate, DesignSpace, Parameter
from tests.model_lab import plan, sha

ROLES = ("planning", "analysis", "training", "supervision", "person")


def film_laboratory(**line_settings: object) -> Laboratory:
    """The declared thin-film laboratory, whose lines have these settings besides their instruments and places."""
    declared = yaml.safe_load(Path("deployment/labs/thin_film.yaml").read_text())
    for role in ROLES:
        declared["agents"].setdefault(role, {"role": role})
    for x in "ab":
        settings = {"recipe": "film", "handler": "handler", "robot": "robot", "coater": f"spin_{x}"}
        settings |= {"vial": f"vial_{x}", "stage": f"stage_{x}", "plate": f"plate_{x}", "in_flight": 4}
        declared["agents"][f"line_{x}"]["settings"] = settings | line_settings
    return Laboratory.model_validate_json(json.dumps(declared))


def with_trays(lab: Laboratory, pieces: float = 6.0, tips: float = 60.0, low: float = 2.0) -> Laboratory:
    """The laboratory with small trays of substrates and tips, which a person is asked to load."""
    sizes = {"substrates_a": (pieces, low), "substrates_b": (pieces, low), "tips": (tips, 30.0)}
    consumables = tuple(
        c.model_copy(update=dict(zip(("amount", "low"), sizes[c.name], strict=True))) if c.name in sizes else c
        for c in lab.consumables
    )
    return lab.model_copy(update={"consumables": consumables})


def film(**changes: float) -> Candidate:
    """A mixed tin-lead film."""
    values = {"cs": 0.1, "fa": 0.9, "ma": 0.0, "pb": 0.2, "sn": 0.8, "i": 0.95, "br": 0.05, "cl": 0.0}
    process = {"anneal_temperature": 120.0, "anneal_time": 20.0, "speed": 4000.0, "delay": 15.0}
    return Candidate(values={**values, **process, **changes})


RANGES = {
    **dict.fromkeys(("cs", "fa", "ma", "pb", "sn", "i"), (0.0, 1.0)),
    "br": (0.0, 0.5),
    "cl": (0.0, 0.1),
    "anneal_temperature": (70.0, 150.0),
    "anneal_time": (3.0, 45.0),
    "speed": (2000.0, 6000.0),
    "delay": (5.0, 30.0),
}
SITES = (("cs", "fa", "ma"), ("pb", "sn"), ("i", "br", "cl"))


def film_plan(**changes: object) -> CampaignPlan:
    """A campaign over compositions and processes of films."""
    parameters = tuple(Parameter(name=name, lower=low, upper=high) for name, (low, high) in RANGES.items())
    space = DesignSpace(parameters=parameters, simplices=SITES)
    return plan(**{"name": "films", "space": space, "measurements": ("spectrum", "soak", "spectrum"), **changes})


def ask_films(question: AskArguments) -> Proposal:
    """Random films that both lines can make."""
    rng = random.Random(question.seed)
    chosen = []
    for number in range(question.first_sample, question.first_sample + question.n):
        values = {name: rng.uniform(*bounds) for name, bounds in RANGES.items()}
        for site in SITES:
            weights = [0.1 + rng.random() for _ in site]
            weights = [1.0, 0.1 * weights[1], 0.05 * weights[2]] if site[0] == "i" else weights
            values |= {name: weight / sum(weights) for name, weight in zip(site, weights, strict=True)}
        sample = sample_id(question.campaign, number)
        chosen.append(ProposedCandidate(sample=sample, candidate=Candidate(values=values)))
    return Proposal(
        number=question.number, planner="model", candidates=tuple(chosen), inputs=sha("ask"), seed=question.seed
    )
