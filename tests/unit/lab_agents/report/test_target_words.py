"""Targets in words."""

from lab_agents.records.target import Constraint, Target
from lab_agents.report.target_words import band_text, plain_name, target_text

GAP = Constraint(property="gap", lower=1.33, upper=1.37, unit="eV")
KEPT = Constraint(property="kept", lower=0.9)


def test_a_band_names_the_bounds_that_it_has():
    assert band_text(GAP) == "gap from 1.33 to 1.37 eV"
    assert band_text(KEPT) == "kept of at least 0.9"
    assert band_text(Constraint(property="sheet_resistance", upper=5e3, unit="ohm")) == (
        "sheet resistance of at most 5000 ohm"
    )


def test_a_target_is_one_sentence():
    assert target_text(Target(property="degradation", direction="minimize")) == "minimize degradation"
    assert target_text(Target(property="mass", direction="maximize", unit="g", constraints=(GAP,))) == (
        "maximize mass (g) with gap from 1.33 to 1.37 eV"
    )
    lead = Target(property="lead", direction="minimize", parameter="pb", constraints=(GAP, KEPT))
    assert target_text(lead) == "minimize lead (pb as made) with gap from 1.33 to 1.37 eV and kept of at least 0.9"


def test_names_are_written_with_spaces():
    assert plain_name("gap_shift") == "gap shift"
