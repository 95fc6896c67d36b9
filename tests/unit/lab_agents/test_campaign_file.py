"""Campaign files: what is read, and what is refused with file, line, value and remedy."""

import hashlib
import json
from pathlib import Path

import pytest

from lab_agents.campaign_file import read_campaign
from lab_agents.errors import DeclarationError

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "opv_blend.yaml"

GOOD = """\
name: small
lab: opv_replay
target: {property: strength, direction: maximize, unit: MPa}
table:
  path: table.csv
  inputs:
    PCE10: {lower: 0.0, upper: 1.0}
    PCBM: {lower: 0.0, upper: 1.0}
  output: strength
  unit: MPa
  simplex: true
measurements: [transmission_trace]
budget: {samples: 20}
batch: 4
planner: {name: bayesian, initial: 8}
seed: 1
"""
ROWS = "PCE10,PCBM,strength\n0.0,1.0,3.5\n0.5,0.5,4.0\n0.5,0.5,6.0\n1.0,0.0,2.0\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "table.csv").write_text(ROWS)
    return tmp_path


def write(folder, text):
    path = folder / "campaign.yaml"
    path.write_text(text)
    return path


def test_the_space_and_its_pool_come_from_the_table(folder):
    campaign = read_campaign(write(folder, GOOD))
    assert [p.name for p in campaign.plan.space.parameters] == ["PCE10", "PCBM"]
    assert campaign.pool == ((0.0, 1.0), (0.5, 0.5), (1.0, 0.0))
    assert json.loads(campaign.pool_bytes) == [[0.0, 1.0], [0.5, 0.5], [1.0, 0.0]]
    assert campaign.plan.space.pool == hashlib.sha256(campaign.pool_bytes).hexdigest()
    assert campaign.best_recorded == 5.0


def test_the_example_reads():
    campaign = read_campaign(EXAMPLE)
    assert (campaign.plan.budget.samples, campaign.plan.batch, len(campaign.pool)) == (60, 4, 1020)
    assert campaign.lab_path.name == "opv_replay.yaml"


def test_comments_and_order_do_not_change_the_content(folder):
    first = read_campaign(write(folder, GOOD)).plan.content
    lines = GOOD.splitlines()
    second = read_campaign(write(folder, "\n".join(["# a comment", lines[-1], *lines[:-1]]))).plan.content
    assert first == second


@pytest.mark.parametrize(
    ("old", "new"), [("seed: 1", "seed: 2"), ("batch: 4", "batch: 5"), ("samples: 20", "samples: 21")]
)
def test_whatever_decides_the_course_changes_the_content(folder, old, new):
    first = read_campaign(write(folder, GOOD)).plan.content
    assert read_campaign(write(folder, GOOD.replace(old, new))).plan.content != first


def test_another_table_changes_the_content(folder):
    first = read_campaign(write(folder, GOOD)).plan.content
    (folder / "table.csv").write_text(ROWS.replace("3.5", "3.6"))
    assert read_campaign(write(folder, GOOD)).plan.content != first


def test_a_table_and_a_seed_given_by_hand_win(folder):
    other = folder / "other.csv"
    other.write_text("PCE10,PCBM,strength\n0.25,0.75,1\n0.75,0.25,2\n")
    campaign = read_campaign(write(folder, GOOD), other, seed=9)
    assert campaign.table_path == other
    assert campaign.plan.seed == 9
    assert len(campaign.pool) == 2


@pytest.mark.parametrize(("samples", "initial"), [(1, 1), (3, 1), (4, 2), (9, 4), (10, 5), (60, 5)])
def test_initial_points_that_nobody_asked_for_take_at_most_half_of_the_budget(folder, samples, initial):
    """A small budget needs no word about them."""
    small = GOOD.replace("samples: 20", f"samples: {samples}").replace("batch: 4", "batch: 1")
    campaign = read_campaign(write(folder, small.replace("planner: {name: bayesian, initial: 8}\n", "")))
    assert campaign.plan.planner.initial == initial
    campaign = read_campaign(write(folder, small.replace("bayesian, initial: 8", "space_filling")))
    assert campaign.plan.planner.initial == initial


def test_a_campaign_without_a_table_has_no_pool(folder):
    table = GOOD[GOOD.index("table:") : GOOD.index("measurements:")]
    space = "space:\n  parameters: [{name: PCE10, lower: 0.0, upper: 1.0}]\n"
    campaign = read_campaign(write(folder, GOOD.replace(table, space)))
    assert campaign.pool is None
    assert campaign.plan.space.pool is None


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("budget: {samples: 20}", "budgett: {samples: 20}", 13, ["budgett", "Did you mean 'budget'?"]),
        ("batch: 4", "batch: 21", 14, ["batch: is 21", "20 samples", "Lower it"]),
        ("batch: 4", "batch: 0", 14, ["batch: is 0"]),
        ("initial: 8", "initial: 21", 15, ["planner.initial: is 21", "20 samples", "Write initial: 10"]),
        ("direction: maximize", "direction: maximise", 3, ["'maximise'", "'minimize' or 'maximize'"]),
        ("unit: MPa}", "unit: GPa}", 3, ["target.unit", "'GPa'", "'MPa'", "Write MPa"]),
        ("property: strength", "property: stiffness", 3, ["target.property", "'stiffness'", "Write strength"]),
        ("output: strength", "output: weight", 9, ["no column 'weight'", "PCE10, PCBM, strength"]),
        ("    PCBM: {lower: 0.0, upper: 1.0}", "    P3HT: {lower: 0.0, upper: 1.0}", 8, ["no column 'P3HT'"]),
        ("PCE10: {lower: 0.0, upper: 1.0}", "PCE10: {lower: 0.0, upper: 0.6}", 7, ["PCE10 is 1", "0 to 0.6"]),
        ("PCE10: {lower: 0.0, upper: 1.0}", "PCE10: {lower: 1.0, upper: 0.0}", 7, ["1", "not below", "0"]),
        ("PCE10: {lower: 0.0, upper: 1.0}", "PCE10: {lower: 0.0, upper: .nan}", 7, ["nan", "finite"]),
        ("PCE10: {lower: 0.0, upper: 1.0}", 'PCE10: {lower: 0.0, upper: 1.0, unit: "%"}', 7, ["'%'", "fractions"]),
        ("path: table.csv", "path: nowhere.csv", 5, ["no table at", "nowhere.csv"]),
        ("path: table.csv", "path: null", 5, ["--table PATH", "crossed_barrel"]),
        ("path: table.csv", "package: no_such_package\n  path: x.csv", 5, ["no_such_package", "pip install"]),
        ("lab: opv_replay", "lab: opv_relay", 2, ["no laboratory 'opv_relay'", "opv_replay"]),
        ("lab: opv_replay", "lab: labs/nowhere.yaml", 2, ["no such lab file"]),
        ("name: small", "name: Small", 1, ["'Small' is no name", "lower case"]),
        ("budget: {samples: 20}", "budget: {samples: many}", 13, ["budget.samples", "'many'"]),
        ("budget: {samples: 20}", "budget: {samples: 20, hours: .inf}", 13, ["hours", "finite"]),
        ("seed: 1", "seed: -1", 16, ["seed: is -1"]),
        ("seed: 1", "seed: true", 16, ["seed: is True"]),
        ("table:", "space: {parameters: [{name: a, lower: 0.0, upper: 1.0}]}\ntable:", 4, ["either a table or"]),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_with_its_line_value_and_remedy(folder, old, new, line, words):
    assert old in GOOD
    path = write(folder, GOOD.replace(old, new, 1))
    with pytest.raises(DeclarationError) as caught:
        read_campaign(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert caught.value.line == line, message
    for word in words:
        assert word in message


def test_an_empty_simplex_is_refused(folder):
    low = GOOD.replace("PCE10: {lower: 0.0, upper: 1.0}", "PCE10: {lower: 0.0, upper: 0.5}")
    low = low.replace("PCBM: {lower: 0.0, upper: 1.0}", "PCBM: {lower: 0.0, upper: 0.4}")
    (folder / "table.csv").write_text("PCE10,PCBM,strength\n0.5,0.4,1\n0.4,0.4,2\n")
    with pytest.raises(DeclarationError, match=r"table\.inputs.*the simplex is empty.*0\.9 at most") as caught:
        read_campaign(write(folder, low.replace("simplex: true", "simplex: true\n  sum_tolerance: 1.0")))
    assert caught.value.line == 6


@pytest.mark.parametrize(
    ("cell", "words"),
    [("nan", "line 2: strength is nan"), ("x", "line 2: strength is 'x'"), ("", "line 2: strength is ''")],
)
def test_a_bad_cell_is_named_with_the_tables_line(folder, cell, words):
    (folder / "table.csv").write_text(ROWS.replace("3.5", cell, 1))
    with pytest.raises(DeclarationError, match=words):
        read_campaign(write(folder, GOOD))


def test_a_table_given_to_a_campaign_without_one_is_refused(folder):
    table = GOOD[GOOD.index("table:") : GOOD.index("measurements:")]
    space = "space:\n  parameters: [{name: PCE10, lower: 0.0, upper: 1.0}]\n"
    with pytest.raises(DeclarationError, match="--table"):
        read_campaign(write(folder, GOOD.replace(table, space)), folder / "table.csv")
