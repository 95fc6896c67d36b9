"""The simulated twin of a user's own laboratory."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from instruments.lab import find_laboratory, read_laboratory
from lab_agents.chaos.twin import to_file, twin_of
from lab_agents.errors import DeclarationError
from lab_agents.records.laboratory import GuardAddress, Laboratory
from lab_agents.records.notification import NotificationChannel

FILMS, REPLAY = (read_laboratory(find_laboratory(name, Path())) for name in ("thin_film", "opv_replay"))


def real(laboratory: Laboratory) -> Laboratory:
    """The laboratory as if it stood in a building, on two machines."""
    instruments = {
        name: d.model_copy(update={"address": d.address.replace("127.0.0.1:0", "plc.lab.example:502")})
        for name, d in laboratory.instruments.items()
    }
    first = next(iter(laboratory.agents))
    return laboratory.model_copy(
        update={
            "instruments": instruments,
            "machines": ("main", "bay"),
            "agents": {**laboratory.agents, first: laboratory.agents[first].model_copy(update={"machine": "bay"})},
            "guards": {"bay": GuardAddress(host="bay", port=7, key="k" * 16)},
            "broker": "mqtt://broker.lab.example",
            "blobs": "s3://bucket/raw",
            "notifications": {"phone": NotificationChannel(kind="webhook", address="https://pager.example/x")},
            "simulation": None,
        }
    )


@pytest.mark.parametrize("laboratory", [FILMS, REPLAY], ids=lambda laboratory: laboratory.name)
def test_nothing_of_the_twin_is_beyond_this_machine(laboratory: Laboratory) -> None:
    """No broker, store, guard, instrument or person of the real one is reached; who shares a wire still does."""
    twin = twin_of(real(laboratory), {"lost_answer_rate": 0.5})
    assert (twin.machines, twin.guards, twin.broker, twin.blobs) == (("main",), {}, None, None)
    assert twin.notifications == {}
    assert {agent.machine for agent in twin.agents.values()} == {"main"}
    assert {urlsplit(i.address).hostname for i in twin.instruments.values()} == {"127.0.0.1"}
    assert len({urlsplit(i.address).port for i in twin.instruments.values()}) == 1
    assert twin.simulation is not None
    assert twin.simulation.world == ("absorber" if laboratory is FILMS else "replay")
    assert twin.simulation.settings["lost_answer_rate"] == 0.5


def test_what_the_laboratory_is_stays_as_it_is(tmp_path: Path) -> None:
    """Agents, limits, places and rules; also through its lab file."""
    path = tmp_path / "twin.yaml"
    path.write_bytes(to_file(twin_of(FILMS, {})))
    twin = read_laboratory(path)
    assert twin == FILMS


def test_a_laboratory_that_cannot_be_simulated_is_refused() -> None:
    """A probe needs the world of films."""
    probe = FILMS.instruments["probe"] if "probe" in FILMS.instruments else next(iter(FILMS.instruments.values()))
    tester = next(name for name, d in REPLAY.instruments.items() if d.driver == "scpi_tester")
    odd = REPLAY.model_copy(update={"instruments": {**REPLAY.instruments, tester: probe}})
    with pytest.raises(DeclarationError, match="cannot simulate"):
        twin_of(odd, {})
