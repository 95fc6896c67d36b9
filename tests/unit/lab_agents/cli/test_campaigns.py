"""From the campaign file to the state folder, up to where a laboratory would start."""

import pytest
import yaml

from instruments.lab import read_laboratory
from lab_agents.cli.campaigns import open_folder, with_speed
from lab_agents.errors import StateFolderError
from lab_agents.state_folder import locked
from tests.told_campaign import example


@pytest.fixture(scope="module")
def file():
    return example().lab_path.read_bytes()


@pytest.fixture(scope="module")
def laboratory():
    return read_laboratory(example().lab_path)


def test_a_speed_changes_the_simulated_clock_and_nothing_else(file):
    assert with_speed(file, None) == file
    slowed = yaml.safe_load(with_speed(file, 600.0))
    assert slowed["simulation"].pop("speed") == 600.0
    assert slowed == yaml.safe_load(file)


def test_a_real_laboratory_cannot_be_slowed(file):
    real = file[: file.index(b"simulation:")]
    with pytest.raises(StateFolderError, match="--speed slows a simulated clock"):
        with_speed(real, 2.0)


def test_a_folder_is_opened_again_with_the_same_file(tmp_path, laboratory, file):
    first = open_folder(tmp_path / "state", laboratory, file)
    with locked(first.guard("main") / "lock"):
        assert open_folder(tmp_path / "state", laboratory, file) == first


def test_another_lab_file_takes_effect_at_the_next_start(tmp_path, laboratory, file):
    open_folder(tmp_path / "state", laboratory, file)
    slowed = with_speed(file, 2.0)
    assert open_folder(tmp_path / "state", laboratory, slowed).lab_file.read_bytes() == slowed


def test_a_lab_file_is_not_changed_under_a_laboratory_that_runs(tmp_path, laboratory, file):
    folder = open_folder(tmp_path / "state", laboratory, file)
    with locked(folder.guard("main") / "lock"), pytest.raises(StateFolderError, match="with another lab file"):
        open_folder(tmp_path / "state", laboratory, with_speed(file, 2.0))
    assert folder.lab_file.read_bytes() == file
