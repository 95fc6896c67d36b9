"""Which table a laboratory replays, and how its inputs become volumes."""

from pathlib import Path

import pytest

from instruments.lab import read_laboratory
from lab_agents.campaign_file import read_campaign
from lab_agents.errors import StateFolderError, TableError
from lab_agents.records.space import DesignSpace, Parameter
from lab_agents.replayed_table import channels_for, keep_table, laboratory_file, read_kept, read_replayed
from lab_agents.state_folder import StateFolder

ROOT = Path(__file__).parents[3]
LABS = ROOT / "deployment" / "labs"
ROWS = "PCE10,PCBM,strength\n0.0,1.0,3.5\n0.5,0.5,4.0\n"
CAMPAIGN = """\
name: small
lab: opv_replay
target: {property: strength, direction: maximize}
table:
  path: table.csv
  inputs: {PCE10: {lower: 0.0, upper: 1.0}, PCBM: {lower: 0.0, upper: 1.0}}
  output: strength
  simplex: true
measurements: [transmission_trace]
budget: {samples: 20}
"""
SPACE = DesignSpace(
    parameters=(Parameter(name="n", lower=6.0, upper=12.0), Parameter(name="theta", lower=0.0, upper=200.0, unit="°"))
)


@pytest.fixture
def campaign(tmp_path):
    (tmp_path / "table.csv").write_text(ROWS)
    (tmp_path / "campaign.yaml").write_text(CAMPAIGN)
    return read_campaign(tmp_path / "campaign.yaml")


@pytest.fixture
def folder(tmp_path):
    return StateFolder.create(tmp_path / "state", "opv_replay", (LABS / "opv_replay.yaml").read_bytes())


def test_what_was_kept_is_replayed(campaign, folder):
    assert read_replayed(folder) is None
    keep_table(folder, campaign)
    keep_table(folder, campaign)
    assert read_replayed(folder) == campaign.data


def test_a_laboratory_replays_one_table_only(campaign, folder, tmp_path):
    keep_table(folder, campaign)
    (tmp_path / "table.csv").write_text(ROWS.replace("3.5", "3.6"))
    with pytest.raises(StateFolderError, match="Give another folder with --state"):
        keep_table(folder, read_campaign(tmp_path / "campaign.yaml"))


def test_a_table_that_was_moved_is_the_same_table(campaign, folder, tmp_path):
    keep_table(folder, campaign)
    moved = tmp_path / "elsewhere.csv"
    (tmp_path / "table.csv").rename(moved)
    keep_table(folder, read_campaign(tmp_path / "campaign.yaml", moved))
    assert read_replayed(folder) == campaign.data


@pytest.mark.parametrize(("change", "words"), [(None, "is gone"), ("9.9", "has changed since")])
def test_a_table_that_is_gone_or_changed_is_named(campaign, folder, tmp_path, change, words):
    keep_table(folder, campaign)
    if change is None:
        (tmp_path / "table.csv").unlink()
    else:
        (tmp_path / "table.csv").write_text(ROWS.replace("3.5", change))
    with pytest.raises(TableError, match=words):
        read_replayed(folder)


def test_a_damaged_note_is_named(campaign, folder):
    keep_table(folder, campaign)
    (folder.simulator / "table.json").write_text("{")
    with pytest.raises(StateFolderError, match=r"table\.json cannot be read"):
        read_kept(folder)


def test_the_ends_of_a_range_become_the_ends_of_the_volumes():
    for channel, parameter in zip(channels_for(SPACE), SPACE.parameters, strict=True):
        assert channel.offset + channel.scale * parameter.lower == pytest.approx(20)
        assert channel.offset + channel.scale * parameter.upper == pytest.approx(80)


def test_a_fraction_becomes_its_share_of_the_whole():
    parameters = tuple(Parameter(name=n, lower=0.0, upper=1.0) for n in "ab")
    mixture = DesignSpace(parameters=parameters, simplices=(("a", "b"),))
    assert [(c.offset, c.scale) for c in channels_for(mixture)] == [(0.0, 100.0), (0.0, 100.0)]


def test_channels_are_added_only_where_the_lab_file_leaves_them_open(tmp_path):
    declared, opened = LABS / "opv_replay.yaml", LABS / "table_replay.yaml"
    assert laboratory_file(declared, read_laboratory(declared), SPACE) == declared.read_bytes()
    written = tmp_path / "lab.yaml"
    written.write_bytes(laboratory_file(opened, read_laboratory(opened), SPACE))
    laboratory = read_laboratory(written)
    assert laboratory.channels == channels_for(SPACE)
    assert laboratory.name == "table_replay"


def test_a_laboratory_that_replays_no_table_gets_no_channels():
    path = LABS / "thin_film.yaml"
    assert laboratory_file(path, read_laboratory(path), SPACE) == path.read_bytes()
