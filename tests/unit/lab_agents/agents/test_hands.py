"""The hands of the simulated person reach the simulated laboratory."""

from pathlib import Path

from lab_agents.agents.behaviour import Job
from lab_agents.agents.hands import HANDS, HandsRunner
from lab_agents.agents.person import LoadArguments
from lab_agents.settings import Settings
from simulators.servers.hands import HANDS as SERVED
from tests.thin_film_stand import open_stand


def job(consumable: str) -> Job:
    """The hands' errand."""
    asked = LoadArguments(ticket="ticket-9", consumable=consumable)
    return Job(id="7/load", cause=7, kind="load", name="load", subject="ticket-9", arguments=asked.model_dump_json())


def test_both_sides_call_it_the_same() -> None:
    """Under this name the simulated laboratory writes where it takes hands."""
    assert HANDS == SERVED


async def test_what_is_loaded_is_counted(tmp_path: Path) -> None:
    """And what is no tray of this laboratory is said to be none."""
    async with open_stand(tmp_path, "spin_a") as stand:
        address = stand.simulated.addresses[HANDS]
        runner = HandsRunner(lambda: address)
        loaded, refused = await runner.run(job("substrates_a")), await runner.run(job("chalk"))
    assert (loaded.ok, loaded.answer) == (True, "130.0")
    assert not refused.ok
    assert "'chalk' cannot be loaded" in refused.error


async def test_hands_wait_for_a_laboratory_that_does_not_listen_yet(tmp_path: Path) -> None:
    """As after a power cut: the address is another one, and was not there for a while."""
    async with open_stand(tmp_path, "spin_a") as stand:
        told = iter((None, "tcp://127.0.0.1:9", stand.simulated.addresses[HANDS]))
        outcome = await HandsRunner(lambda: next(told), Settings(ask_again=0.001)).run(job("substrates_a"))
    assert outcome.answer == "130.0"
