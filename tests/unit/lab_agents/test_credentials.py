import pytest

from lab_agents.bus.mqtt import Access
from lab_agents.credentials import VARIABLE, access_of, credentials_of, people_access, read_secret
from lab_agents.errors import GuardError, StateFolderError
from tests.small_log import LABORATORY


def guarded(folder):
    """A laboratory whose credentials stand in `folder`."""
    return LABORATORY.model_copy(update={"credentials": str(folder)})


def test_a_laboratory_without_credentials_shows_none(tmp_path):
    assert credentials_of(LABORATORY) is None
    assert access_of(LABORATORY, "line") is None
    with pytest.raises(GuardError, match="no credentials"):
        read_secret(LABORATORY, "main")
    assert people_access(tmp_path / "lab.yaml") is None


def test_each_user_has_its_files(tmp_path):
    expected = Access(tmp_path / "ca.crt", tmp_path / "line.crt", tmp_path / "line.key")
    assert access_of(guarded(tmp_path), "line") == expected


def test_a_machine_may_keep_them_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "here"))
    assert access_of(guarded("/etc/lab"), "line").key == tmp_path / "here" / "line.key"
    assert access_of(LABORATORY, "line") is None


def test_a_command_reads_the_one_field_of_the_lab_file(tmp_path):
    path = tmp_path / "lab.yaml"
    path.write_text("credentials: /etc/lab\ninstruments: {x: {driver: not_installed}}\n")
    assert people_access(path).certificate.name == "people.crt"
    path.write_text("{")
    with pytest.raises(StateFolderError, match="cannot be read"):
        people_access(path)


def test_a_secret_is_its_owners_alone(tmp_path):
    laboratory, path = guarded(tmp_path), tmp_path / "guard_main.secret"
    with pytest.raises(GuardError, match="cannot be read"):
        read_secret(laboratory, "main")
    path.write_text("correct horse battery\n")
    path.chmod(0o640)
    with pytest.raises(GuardError, match="chmod 600") as refused:
        read_secret(laboratory, "main")
    assert "horse" not in str(refused.value)
    path.chmod(0o600)
    assert read_secret(laboratory, "main") == "correct horse battery"
