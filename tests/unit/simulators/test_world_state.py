"""The world on disk: power cuts at the worst places."""

import sqlite3
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.errors import WorldError
from simulators.ledger import read_ledger
from simulators.world.things import Things
from simulators.world_state import Begin, TokenState, WorldState
from tests.simulated_world import START, coat, dose, installed, new_vial, soak, token, transfer


def dosing(number: int, channel: int = 1, delivered: float = 20.0) -> Begin:
    """A dose that takes 15 s."""
    details = {"line": "line_a", "channel": channel, "asked": 20.0, "delivered": delivered}
    return Begin("dispenser_a", token(number), 1, "dose", details, 15.0)


def with_vial(folder: Path) -> WorldState:
    """A world with a fresh vial on line_a, done."""
    world = WorldState(folder, START)
    world.begin(Begin("dispenser_a", token(1), 1, "new_vial", {"line": "line_a"}, 10.0))
    world.advance(START + timedelta(seconds=10))
    return world


def test_a_program_runs_until_the_clock_reaches_its_end(tmp_path) -> None:
    """Laboratory time alone ends it."""
    world = with_vial(tmp_path)
    program = world.begin(dosing(2))
    assert world.next_end() == program.ends_at == START + timedelta(seconds=25)
    world.advance(START + timedelta(seconds=24))
    assert world.running("dispenser_a") == program
    world.advance(START + timedelta(seconds=25))
    assert world.running("dispenser_a") is None
    ended = world.program("dispenser_a", token(2))
    assert ended is not None
    assert ended.state is TokenState.DONE
    assert world.unacknowledged() == {token(1), token(2)}
    world.close()


def test_an_acknowledged_program_is_told_as_it_was_and_never_executed_again(tmp_path) -> None:
    """It is packed then, and made anew for whoever asks."""
    world = with_vial(tmp_path)
    world.begin(dosing(2))
    world.advance(START + timedelta(seconds=25))
    before = world.program("dispenser_a", token(2))
    assert before is not None
    world.acknowledge([token(1), token(2)])
    told = world.program("dispenser_a", token(2))
    assert told == replace(before, acknowledged=True)
    assert world.program("dispenser_b", token(2)) is None
    assert world.unacknowledged() == frozenset()
    world.close()
    again = WorldState(tmp_path, START)
    assert again.program("dispenser_a", token(2)) == told
    again.close()


def test_an_orderly_restart_knows_everything(tmp_path) -> None:
    """Clock, tokens, vials, facts and what nobody has acknowledged."""
    world = with_vial(tmp_path)
    world.begin(dosing(2))
    world.advance(START + timedelta(seconds=30))
    world.acknowledge([token(1)])
    world.remember("port.tester", "5025")
    world.close()
    again = WorldState(tmp_path, START)
    assert again.now == START + timedelta(seconds=30)
    assert again.things.vials == {"line_a": (20.0, 0.0, 0.0, 0.0)}
    assert again.unacknowledged() == {token(2)}
    assert again.fact("port.tester") == "5025"
    assert again.program("dispenser_a", token(2)) is not None
    again.close()


def test_a_power_cut_fails_what_ran_and_says_so(tmp_path) -> None:
    """`power_on` lists it; its dose stays in the vial."""
    world = with_vial(tmp_path)
    world.begin(dosing(2))
    world.close()
    again = WorldState(tmp_path, START)
    program = again.program("dispenser_a", token(2))
    assert program is not None
    assert program.state is TokenState.FAILED
    assert again.running("dispenser_a") is None
    assert again.things.vials["line_a"][0] == 20.0
    last = read_ledger(tmp_path / "ledger.jsonl")[-1]
    assert (last.action, last.details) == ("power_on", {"cut": [token(2)]})
    again.close()


def test_a_line_that_the_database_lacks_is_taken_from_the_ledger(tmp_path) -> None:
    """Killed between the ledger's sync and the commit: the act moved, so the world must show it."""
    world = with_vial(tmp_path)
    world.close()
    saved = (tmp_path / "world.sqlite").read_bytes()
    world = WorldState(tmp_path, START)
    world.begin(dosing(2, delivered=33.0))
    world.close()
    (tmp_path / "world.sqlite").write_bytes(saved)
    again = WorldState(tmp_path, START)
    assert again.things.vials["line_a"][0] == 33.0
    program = again.program("dispenser_a", token(2))
    assert program is not None
    assert program.state is TokenState.FAILED
    assert read_ledger(tmp_path / "ledger.jsonl")[-1].details == {"cut": [token(2)]}
    again.close()


def test_a_halt_that_the_database_lacks_is_taken_from_the_ledger(tmp_path) -> None:
    """The halted program is not counted as cut by the power."""
    world = with_vial(tmp_path)
    world.begin(dosing(2))
    database = sqlite3.connect(tmp_path / "world.sqlite")
    (before,) = database.execute("SELECT value FROM facts WHERE name = 'ledger'").fetchone()
    world.halt("dispenser_a")
    world.close()
    database.execute("UPDATE facts SET value = ? WHERE name = 'ledger'", (before,))
    database.execute("UPDATE programs SET state = 1 WHERE token = ?", (token(2),))
    database.commit()
    database.close()
    again = WorldState(tmp_path, START)
    program = again.program("dispenser_a", token(2))
    assert program is not None
    assert program.state is TokenState.FAILED
    assert read_ledger(tmp_path / "ledger.jsonl")[-1].details == {"cut": []}
    again.close()


def test_a_halt_ends_the_program_as_failed(tmp_path) -> None:
    """It is on the ledger; a halt of an idle instrument is not."""
    world = with_vial(tmp_path)
    world.begin(dosing(2))
    world.halt("dispenser_a")
    world.halt("dispenser_a")
    halts = [line for line in read_ledger(tmp_path / "ledger.jsonl") if line.action == "halt"]
    assert [line.token for line in halts] == [token(2)]
    assert world.running("dispenser_a") is None
    assert token(2) in world.unacknowledged()
    world.close()


def test_the_clock_never_runs_back(tmp_path) -> None:
    """An earlier time is ignored."""
    world = with_vial(tmp_path)
    world.advance(START)
    assert world.now == START + timedelta(seconds=10)
    world.close()


def test_a_world_without_its_ledger_is_refused(tmp_path) -> None:
    """What moved cannot be known then."""
    with_vial(tmp_path).close()
    (tmp_path / "ledger.jsonl").unlink()
    with pytest.raises(WorldError, match="the ledger ends at 0"):
        WorldState(tmp_path, START)


def test_a_world_that_could_not_be_written_goes_no_further(tmp_path) -> None:
    """Its memory may be ahead of its disk; only a restart makes them one again."""
    world = with_vial(tmp_path)
    other = sqlite3.connect(tmp_path / "world.sqlite")
    other.execute("DROP TABLE facts")
    other.close()
    with pytest.raises(WorldError, match="could not be written"):
        world.begin(dosing(2))
    with pytest.raises(WorldError, match="cannot go on"):
        world.begin(dosing(3))
    with pytest.raises(WorldError, match="cannot go on"):
        world.advance(START + timedelta(seconds=60))
    world.close()


numbers = st.integers(1, 12)
places = st.sampled_from(["stage_a", "stage_b", "stage_t", "rack_1", "rack_2"])
orders = st.one_of(
    st.tuples(st.sampled_from(["dispenser_a", "dispenser_b"]), st.builds(new_vial, numbers)),
    st.tuples(
        st.sampled_from(["dispenser_a", "dispenser_b"]),
        st.builds(dose, numbers, st.integers(0, 5), st.floats(-1, 120)),
    ),
    st.tuples(st.sampled_from(["coater_a", "coater_b"]), st.builds(coat, numbers)),
    st.tuples(st.just("robot"), st.builds(transfer, numbers, places, places)),
    st.tuples(st.just("tester"), st.builds(soak, numbers)),
)
deeds = st.lists(orders | st.sampled_from(["wait", "halt", "power cut"]), max_size=40)


@settings(max_examples=60)
@given(deeds)
def test_whatever_is_ordered_the_world_is_the_fold_of_its_ledger(tmp_path_factory, history) -> None:
    """Property: no token moves twice, no place holds two films, and a foreign program finds the same world."""
    folder = tmp_path_factory.mktemp("world")
    world, instruments = installed(folder)
    for deed in history:
        if deed == "wait":
            world.advance(world.now + timedelta(minutes=3))
        elif deed == "halt":
            for name in instruments:
                world.halt(name)
        elif deed == "power cut":
            world.close()
            world, instruments = installed(folder)
        else:
            instruments[deed[0]].start(deed[1])
    world.close()
    lines = read_ledger(folder / "ledger.jsonl")
    told = Things()
    for line in lines:
        told.apply(line)
    assert (told.vials, told.films) == (world.things.vials, world.things.films)
    moved = Counter((line.instrument, line.token) for line in lines if line.token and line.action != "halt")
    assert all(count == 1 for count in moved.values())
    assert all(count == 1 for count in Counter(film.place for film in told.films.values()).values())
