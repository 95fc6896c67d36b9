"""A campaign must want something that its laboratory can do."""

from pathlib import Path

import pytest

from lab_agents.campaign_check import check_against_lab, film_lines
from lab_agents.campaign_file import read_campaign
from lab_agents.errors import DeclarationError

ROOT = Path(__file__).parents[3]
CAMPAIGN = """\
name: small
lab: LAB
target: {property: strength, direction: maximize}
table:
  path: table.csv
  inputs:
    PCE10: {lower: 0.0, upper: 1.0}
    P3HT: {lower: 0.0, upper: 1.0}
  output: strength
  simplex: true
measurements: [transmission_trace]
budget: {samples: 20}
planner: {name: bayesian}
"""
ROWS = "PCE10,P3HT,strength\n0.0,1.0,3.5\n1.0,0.0,2.0\n"
LABS = {name: (ROOT / "deployment" / "labs" / f"{name}.yaml").read_text() for name in ("opv_replay", "table_replay")}


def campaign(folder, text=CAMPAIGN, lab="opv_replay", change=("", "")):
    (folder / "table.csv").write_text(ROWS)
    (folder / "lab.yaml").write_text(LABS[lab].replace(*change) if change[0] else LABS[lab])
    (folder / "campaign.yaml").write_text(text.replace("LAB", "./lab.yaml"))
    return read_campaign(folder / "campaign.yaml")


def refusal(found):
    with pytest.raises(DeclarationError) as caught:
        check_against_lab(found)
    return caught.value


def test_the_examples_fit_their_laboratories():
    check_against_lab(read_campaign(ROOT / "examples" / "opv_blend.yaml"))


def test_a_measurement_that_no_analysis_understands_is_refused(tmp_path):
    error = refusal(campaign(tmp_path, CAMPAIGN.replace("transmission_trace", "impedance")))
    assert (error.line, error.field) == (11, "measurements.0")
    assert "transmission_trace" in str(error)


def test_a_measurement_that_no_station_takes_is_refused(tmp_path):
    error = refusal(campaign(tmp_path, change=("kind: transmission_trace", "kind: photograph")))
    assert error.line == 11
    assert "tester takes photograph" in str(error)


def test_a_line_that_is_not_there_is_refused(tmp_path):
    error = refusal(campaign(tmp_path, CAMPAIGN + "lines: [line_a, line_c]\n"))
    assert "line_c" in str(error)
    assert "Known are line_a, line_b" in str(error)
    assert error.line == 14


def test_a_planner_that_is_not_installed_is_refused(tmp_path):
    error = refusal(campaign(tmp_path, CAMPAIGN.replace("bayesian", "psychic")))
    assert (error.line, error.field) == (13, "planner.name")
    assert "bayesian, constrained, random, space_filling" in str(error)


def test_a_parameter_without_a_channel_is_refused(tmp_path):
    error = refusal(campaign(tmp_path, change=("parameter: P3HT", "parameter: PTB7")))
    assert error.line == 8
    assert "no channel for P3HT" in str(error)


def test_a_range_that_no_line_can_dose_is_refused(tmp_path):
    error = refusal(campaign(tmp_path, change=("{parameter: PCE10, scale: 100.0}", "{parameter: PCE10, scale: 900.0}")))
    assert error.line == 7
    assert "needs 0 to 900 µL" in str(error)
    assert "dispenser_b doses 0 to 100" in str(error)


def test_a_range_that_one_line_can_dose_is_enough(tmp_path):
    check_against_lab(campaign(tmp_path, change=("upper: 100.0, unit: µL", "upper: 50.0, unit: µL")))


def test_a_replayed_laboratory_needs_a_table(tmp_path):
    table = CAMPAIGN[CAMPAIGN.index("table:") : CAMPAIGN.index("measurements:")]
    space = "space:\n  parameters: [{name: PCE10, lower: 0.0, upper: 1.0}]\n"
    error = refusal(campaign(tmp_path, CAMPAIGN.replace(table, space)))
    assert error.field == "space"
    assert "replays recorded measurements" in str(error)


def test_channels_that_a_lab_leaves_open_come_from_the_table(tmp_path):
    laboratory = check_against_lab(campaign(tmp_path, lab="table_replay"))
    assert [c.parameter for c in laboratory.channels] == ["PCE10", "P3HT"]


def test_more_inputs_than_channels_are_refused(tmp_path):
    names = ["a", "b", "c", "d", "e"]
    inputs = "\n".join(f"    {n}: {{lower: 0.0, upper: 1.0}}" for n in names)
    text = CAMPAIGN.replace("    PCE10: {lower: 0.0, upper: 1.0}\n    P3HT: {lower: 0.0, upper: 1.0}", inputs)
    (tmp_path / "five.csv").write_text(",".join([*names, "strength"]) + "\n1,0,0,0,0,1\n0,1,0,0,0,2\n")
    (tmp_path / "lab.yaml").write_text(LABS["table_replay"])
    (tmp_path / "campaign.yaml").write_text(text.replace("LAB", "./lab.yaml").replace("table.csv", "five.csv"))
    error = refusal(read_campaign(tmp_path / "campaign.yaml"))
    assert "5 inputs are declared" in str(error)
    assert error.line == 6


def film_campaign(folder, change=("", "")):
    """The absorber campaign beside its laboratory, with one thing changed."""
    text = (ROOT / "examples" / "absorber.yaml").read_text()
    (folder / "films.yaml").write_text(text.replace(*change) if change[0] else text)
    return read_campaign(folder / "films.yaml")


def test_a_campaign_of_films_needs_no_channels(tmp_path):
    laboratory = check_against_lab(film_campaign(tmp_path))
    assert film_lines(laboratory) == ("line_a", "line_b")
    assert laboratory.channels == ()


def test_a_film_has_no_other_parameters(tmp_path):
    error = refusal(film_campaign(tmp_path, ("{name: speed,", "{name: humidity,")))
    assert "makes films, which have no humidity" in str(error)


def test_a_range_that_no_line_can_set_is_refused_with_each_line_s_limit(tmp_path):
    error = refusal(film_campaign(tmp_path, ("lower: 70.0, upper: 150.0", "lower: 70.0, upper: 250.0")))
    assert "hotplate_a_1 takes 40 to 180" in str(error)
    assert "hotplate_b_1 takes 40 to 150" in str(error)


@pytest.mark.parametrize(
    ("autonomy", "field", "said"),
    [
        ("{level: bounded, within: {heat: {upper: 1}}}", "within.heat", "The parameters are PCE10, P3HT"),
        ("{level: bounded, within: {P3HT: {upper: 50, unit: '%'}}}", "within.P3HT", "its unit is '%'"),
        ("{level: bounded, within: {P3HT: {lower: 2}}}", "within.P3HT", "no candidate lies in it"),
        ("{level: bounded, measurements: [spectrum]}", "measurements.0", "no sample of this campaign gets a spectrum"),
        ("{approve_awards: true}", "approve_awards", "Write level: manual"),
    ],
)
def test_an_autonomy_that_cannot_be_meant_is_refused(tmp_path, autonomy, field, said):
    error = refusal(campaign(tmp_path, f"{CAMPAIGN}autonomy: {autonomy}\n"))
    assert (error.line, error.field) == (14, f"autonomy.{field}")
    assert said in str(error)


def test_an_autonomy_that_fits_is_taken(tmp_path):
    bounded = "autonomy: {level: bounded, within: {P3HT: {upper: 0.6, unit: '1'}}, first: 4}\n"
    check_against_lab(campaign(tmp_path, CAMPAIGN + bounded))


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        (("cs: 0.15, fa: 0.85", "cs: 0.15, fa: 0.80"), "recipe", "cs + fa + ma is 0.95, and must be 1"),
        (("speed: 4000.0", "speed: 9000.0"), "recipe.speed", "the space goes from 2000 to 6000"),
        (("speed: 4000.0", "spin: 4000.0"), "recipe.spin", "there is no parameter 'spin'"),
        ((", delay: 15.0}", "}"), "recipe", "it has no delay"),
        (("kept: {deviation", "hue: {deviation"), "properties.hue", "no measurement of this campaign gives 'hue'"),
        (("0.003, unit: eV", "0.003, unit: meV"), "properties.gap.unit", "gap is concluded in 'eV'"),
    ],
)
def test_controls_that_this_campaign_cannot_make_or_judge_are_refused(tmp_path, change, field, said):
    """With the line of the value."""
    error = refusal(film_campaign(tmp_path, change))
    assert error.field == f"controls.{field}"
    assert said in str(error)
    assert error.line


@pytest.mark.parametrize(
    ("line", "field", "words"),
    [
        ("budget: {samples: 20, consumables: {ink: 3.0}}", "budget.consumables.ink", "no consumable or stock 'ink'"),
        ("budget: {samples: 20, money: 3.0}", "budget.money", "states no prices"),
        ("budget: {samples: 20}\nstop: {target_met: {}}", "stop.target_met", "the first sample would meet it"),
        ("budget: {samples: 20}\nstop: {target_met: {samples: 21, objective: 1.0}}", "stop.target_met.samples", "21"),
        ("budget: {samples: 20}\nstop: {gain: {worth: 9.0}}", "stop.gain.worth", "states no prices"),
    ],
)
def test_limits_and_rules_that_could_never_come_true_are_refused(tmp_path, line, field, words):
    error = refusal(campaign(tmp_path, CAMPAIGN.replace("budget: {samples: 20}", line)))
    assert error.field == field
    assert words in str(error)


def test_limits_and_rules_of_what_is_there_are_taken(tmp_path):
    prices = ("consumables:", "prices: {hour: 12.0, consumables: {inks_a: 0.4}}\nconsumables:")
    stop = "{target_met: {objective: 3.0}, gain: {worth: 9.0}}"
    text = CAMPAIGN.replace("{samples: 20}", "{samples: 20, money: 90.0, consumables: {inks_b: 15.0}}\nstop: " + stop)
    check_against_lab(campaign(tmp_path, text, change=prices))
