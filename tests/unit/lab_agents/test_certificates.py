import pytest
from cryptography import x509

from lab_agents.certificates import make_credentials
from lab_agents.errors import StateFolderError
from lab_agents.messages.access import broker_users, mosquitto_access
from lab_agents.records.laboratory import AgentDeclaration
from tests.small_log import LABORATORY


def certificate(path):
    """A certificate as read."""
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_everybody_of_the_access_list_gets_a_certificate_of_its_own_name(tmp_path):
    made = make_credentials(LABORATORY, tmp_path / "made")
    names = [user.name for user in broker_users(LABORATORY)]
    assert {"recorder", "simulator", "people", "guard_main", "line"} <= set(names) <= set(made.made)
    authority = certificate(tmp_path / "made" / "ca.crt")
    for name in names:
        own = certificate(tmp_path / "made" / f"{name}.crt")
        own.verify_directly_issued_by(authority)
        assert own.subject.rfc4514_string() == f"CN={name}"
    assert (tmp_path / "made" / "mosquitto.acl").read_text() == mosquitto_access(LABORATORY)


def test_no_key_or_secret_can_be_read_by_others(tmp_path):
    make_credentials(LABORATORY, tmp_path / "made")
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o700
    private = [p for p in (tmp_path / "made").iterdir() if p.suffix in (".key", ".secret")]
    assert len(private) == len(broker_users(LABORATORY)) + 3  # the authority, the broker, the guard's secret
    assert {p.stat().st_mode & 0o777 for p in private} == {0o600}


def test_the_broker_is_known_by_the_names_that_others_use(tmp_path):
    laboratory = LABORATORY.model_copy(update={"broker": "mqtts://lab-pc.local:8883"})
    make_credentials(laboratory, tmp_path, ["10.0.0.7"])
    names = certificate(tmp_path / "broker.crt").extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "lab-pc.local"]
    assert [str(ip) for ip in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1", "10.0.0.7"]


def test_what_stands_there_is_kept_and_a_new_agent_gets_its_own(tmp_path):
    make_credentials(LABORATORY, tmp_path)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.suffix != ".acl"}
    agents = {**LABORATORY.agents, "meter": AgentDeclaration(role="characterization")}
    made = make_credentials(LABORATORY.model_copy(update={"agents": agents}), tmp_path)
    assert made.made == ("meter",)
    assert all((tmp_path / name).read_bytes() == data for name, data in before.items())
    assert "user meter" in (tmp_path / "mosquitto.acl").read_text()


def test_an_authority_without_its_key_and_half_a_pair_are_told(tmp_path):
    make_credentials(LABORATORY, tmp_path)
    (tmp_path / "line.crt").unlink()
    with pytest.raises(StateFolderError, match="without its other half"):
        make_credentials(LABORATORY, tmp_path)
    (tmp_path / "ca.key").unlink()
    with pytest.raises(StateFolderError, match=r"Bring ca\.key back"):
        make_credentials(LABORATORY, tmp_path)


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StateFolderError, match="other half"):
        make_credentials(LABORATORY, tmp_path / "file")
