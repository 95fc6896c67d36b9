"""The table of samples."""

import csv
import io

import pytest

from lab_agents.report.account import Account
from lab_agents.report.samples import samples_csv
from lab_agents.report.telling import tell
from lab_agents.report.truth import Truth
from tests.told_absorber import tell_absorber
from tests.told_campaign import example, tell_campaign


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_each_sample_has_one_row_that_leads_back_to_its_raw_data():
    account = tell(tell_campaign(12, failing=5))
    campaign = example()
    table = rows(samples_csv(account, Truth(campaign.data, campaign.plan.target)))
    assert [r["sample"] for r in table] == list(account.samples)
    first = table[0]
    observation = account.samples[first["sample"]].observations["degradation"]
    assert float(first["degradation"]) == observation.value
    assert first["raw"] == observation.raw
    assert float(first["made_PCE10"]) == observation.made.values["PCE10"]
    assert float(first["recorded_truth"]) >= 0


def test_what_is_not_known_is_empty():
    table = rows(samples_csv(tell(tell_campaign(12, failing=5)), None))
    failed = table[5]
    assert (failed["outcome"], failed["degradation"], failed["made_PCE10"]) == ("failed", "", "")
    assert "clogged" in failed["failure"]
    assert failed["recorded_truth"] == ""


def test_there_is_no_table_without_a_campaign():
    with pytest.raises(ValueError, match="no campaign"):
        samples_csv(Account(), None)


def test_every_property_has_its_columns_with_chance_and_hit(tmp_path):
    account = tell(tell_absorber(tmp_path, 12))
    table = {r["sample"]: r for r in rows(samples_csv(account, None))}
    hit, yellow = table["absorber-0010"], table["absorber-0002"]
    made = account.samples["absorber-0010"]
    assert float(hit["lead"]) == made.sample.made.values["pb"]
    assert (float(hit["gap"]), hit["gap_unit"]) == (made.observations["gap"].value, "eV")
    assert float(hit["sheet_resistance_deviation"]) > 0
    assert (float(hit["chance"]), hit["hit"]) == (made.chance, "yes")
    assert hit["raw_2_pattern"] == made.observations["perovskite_fraction"].raw
    assert (yellow["gap"], yellow["hit"]) == ("", "no")
    assert "gap: no edge" in yellow["unread"]


def test_a_plain_target_has_no_columns_for_constraints():
    assert "chance" not in rows(samples_csv(tell(tell_campaign(4, failing=None)), None))[0]
