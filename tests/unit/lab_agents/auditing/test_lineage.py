from dataclasses import replace

import pytest

from lab_agents.auditing.evidence import gather
from lab_agents.auditing.lineage import check_lineage, check_observations
from lab_agents.messages.life import LabOpened
from lab_agents.store.reader import StoreReader
from tests.film_lab import film_laboratory


@pytest.fixture
def evidence(written):
    """What the small campaign's log says."""
    with StoreReader(written / "store.sqlite") as reader:
        return gather(reader.sealed())


def traces(evidence) -> set[str]:
    """What the check of the lineage says."""
    return {finding.what for finding in check_lineage(evidence).findings}


def test_a_whole_lineage_has_no_findings(evidence):
    """Both observations lead back to everything."""
    assert traces(evidence) == set()
    assert check_observations(evidence).findings == ()


def test_each_missing_link_is_named(evidence):
    """Version, run, acceptance, recipe, proposal."""
    evidence.versions.clear()
    evidence.results.clear()
    evidence.accepted.clear()
    evidence.proposals.clear()
    said = " ".join(traces(evidence))
    for part in ("no software version", "in no task's results", "never accepted", "no awarded bid", "no proposal"):
        assert part in said


def test_a_recipe_of_another_agent_is_found(evidence):
    """The bid that was awarded must be the maker's."""
    for position, bid in evidence.bids.items():
        evidence.bids[position] = bid.model_copy(update={"bid": bid.bid.model_copy(update={"bidder": "other"})})
    assert traces(evidence) == {"the recipe is from other, the sample from line"}


def test_a_model_must_be_trained_before_it_proposes(evidence):
    """A proposal cannot rest on what came later."""
    checkpoint = next(iter(evidence.models))
    for sample, (position, proposal) in evidence.proposals.items():
        evidence.proposals[sample] = (position, proposal.model_copy(update={"model": checkpoint}))
    assert any("was not trained before" in one for one in traces(evidence))
    evidence.models[checkpoint] = 1
    assert traces(evidence) == set()


def test_a_standard_that_was_looked_at_needs_no_observation(evidence):
    """Its measurement helps to understand others."""
    evidence.observations.pop()
    for sources in evidence.causes.values():
        sources.discard("analysis")
    assert check_observations(evidence).findings
    sample = next(iter(evidence.measurements.values()))[0].measurement.sample
    laboratory = film_laboratory()
    standard = laboratory.standards[0].model_copy(update={"name": sample.replace("-", "_")})
    renamed = {
        name: [replace(one, measurement=one.measurement.model_copy(update={"sample": standard.name})) for one in taken]
        for name, taken in evidence.measurements.items()
    }
    evidence.measurements = renamed
    lab = laboratory.model_copy(update={"standards": (standard,)})
    evidence.laboratory = LabOpened(laboratory=lab, file="0" * 64, version="0")
    assert check_observations(evidence).findings == ()


def test_a_measurement_still_to_be_analysed_is_a_note_while_its_campaign_is_open(evidence):
    """And a finding afterwards."""
    evidence.observations.pop()
    for sources in evidence.causes.values():
        sources.discard("analysis")
    evidence.open_campaigns.add("first")
    check = check_observations(evidence)
    assert (check.findings, check.note) == ((), "1 still to be analysed")
    evidence.open_campaigns.clear()
    assert [one.what for one in check_observations(evidence).findings] == [
        "was never observed, and no analysis says why"
    ]
