"""An agent handles each entry once, submits what follows once, and finds its way back from any loss."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from lab_agents.agents.behaviour import OnlyTold
from lab_agents.bus.faulty import Faults, FaultyCarrier
from lab_agents.errors import FencedError, ForeignLogError
from lab_agents.messages.commands import EntryVoided
from lab_agents.messages.frames import unpack_logged
from lab_agents.messages.life import AgentStarted, EntryRefused, TimerRang, TroubleMet
from tests.full_disk import connection_of
from tests.small_log import SmallLog, make_entry, small_log
from tests.toy_agent import Echo, Life, journal_path, living, note, say, words


async def void(log: SmallLog, number: int, position: int) -> None:
    """A person lets everybody pass over an entry."""
    source = f"once-{number}"
    bus = await log.join(source)
    entry = make_entry(f"{source}/0/0", EntryVoided(position=position, person="p", reason="poison"))
    await log.send(bus, source, 1, entry.to_bytes(), epoch=0)


async def reaches(life: Life, position: int) -> None:
    """Wait for a position of which nobody is told, because nobody has to act."""
    async with asyncio.timeout(60):
        while life.agent.cursor.position < position:
            await asyncio.sleep(0.005)


async def lose_journal(folder: Path) -> None:
    """The file is gone, as on a changed disk."""
    for path in await asyncio.to_thread(lambda: list(journal_path(folder).parent.glob("line.sqlite*"))):
        await asyncio.to_thread(path.unlink)


async def test_what_follows_from_an_entry_is_submitted_once_under_derived_ids(tmp_path: Path) -> None:
    """Source, position of the cause, ordinal."""
    async with small_log(tmp_path) as log, living(log, tmp_path, 1) as life:
        await say(log, 1, "hello")
        entries = await log.entries(5)
        await life.until(lambda: life.agent.cursor.position == 5)
        assert life.agent.outbox_size == 0
    by_kind = {entry.kind: entry for entry in entries}
    cause = 1 + entries.index(by_kind["AbortCampaign"])
    decided = [entry for entry in entries if entry.kind == "TroubleMet"]
    assert [entry.id for entry in decided] == [f"line/{cause}/0", f"line/{cause}/1"]
    assert {entry.cause for entry in decided} == {cause}


async def test_an_entry_applied_is_never_applied_again_after_a_restart(tmp_path: Path) -> None:
    """The position stands in the same commit as the state."""
    async with small_log(tmp_path) as log:
        async with living(log, tmp_path, 1) as life:
            await say(log, 1, "one")
            await log.entries(5)
            await life.until(lambda: life.agent.cursor.position == 5)
        await say(log, 2, "two")
        async with living(log, tmp_path, 2) as life:
            await log.entries(9)
            await life.until(lambda: life.agent.cursor.position == 9)
            assert life.agent.state.heard == ("one", "two")
        assert await words(log, 9) == ["one one", "one two", "two one", "two two"]


async def test_a_network_that_doubles_and_loses_does_not_make_an_agent_hear_twice(tmp_path: Path) -> None:
    """Neither in its state nor in the log."""
    faults = Faults(loss=0.2, doubling=0.3, delay=0.2, reordering=0.2)
    async with small_log(tmp_path, FaultyCarrier(3, faults)) as log, living(log, tmp_path, 1) as life:
        for number in range(5):
            while log.writer.position < 1 or life.agent.state.heard[-1:] != (f"{number}",):
                await say(log, number, f"{number}")
                await asyncio.sleep(0.02)
        async with asyncio.timeout(60):
            while life.agent.outbox_size or life.agent.cursor.position < 17:
                await asyncio.sleep(0.01)
        assert life.agent.state.heard == ("0", "1", "2", "3", "4")
        assert len(set(await words(log, 17))) == len(await words(log, 17)) == 10


async def test_what_brings_nothing_to_say_is_written_later_and_heard_again_after_a_death(tmp_path: Path) -> None:
    """Position and state of the journal belong together, also where both are behind."""
    async with small_log(tmp_path) as log:
        async with living(log, tmp_path, 1) as life:
            await say(log, 1, "one")
            await life.until(lambda: life.agent.cursor.position == 5)
            await say(log, 2, "hush")
            await life.until(lambda: life.agent.cursor.position == 6)
            assert (await life.worker.run(life.journal.load)).position == 5
        async with living(log, tmp_path, 2) as life:
            await life.until(lambda: life.agent.cursor.position == 7)
            assert life.agent.state.heard == ("one", "hush")
            await say(log, 3, "hush")
            await life.until(lambda: life.agent.cursor.position == 8)
            await life.worker.run(life.agent.keep)
            saved = await life.worker.run(life.journal.load)
        assert (saved.position, saved.state) == (8, life.agent.state.model_dump_json())
        assert await words(log, 8) == ["one one", "one two"]


async def test_what_only_tells_something_is_taken_in_and_written_later(tmp_path: Path) -> None:
    """It is applied, whoever has nothing to do because of it; position and state are kept together."""
    told = Echo(only_told=OnlyTold(frozenset({"AbortCampaign"})))
    async with small_log(tmp_path) as log:
        async with living(log, tmp_path, 1, told) as life:
            await life.until(lambda: life.agent.outbox_size == 0)
            born = life.agent.cursor.position
            await say(log, 1, "hush")
            await reaches(life, born + 1)
            assert life.agent.state.heard == ("hush",)
            assert life.agent.heeded == born
            saved = await life.worker.run(life.journal.load)
            assert saved.position == born
            await life.worker.run(life.agent.keep)
            saved = await life.worker.run(life.journal.load)
            assert (saved.position, saved.state) == (born + 1, life.agent.state.model_dump_json())
        async with living(log, tmp_path, 2, told) as life:
            await reaches(life, born + 2)
            assert life.agent.state.heard == ("hush",)


async def test_an_outbox_outlives_its_process(tmp_path: Path) -> None:
    """What was decided and never sent is sent by the next life."""
    async with small_log(tmp_path) as log:
        async with living(log, tmp_path, 1, submits=False) as life:
            await say(log, 1, "hello")
            await life.until(lambda: life.agent.outbox_size == 3)
        async with living(log, tmp_path, 2) as life:
            assert await words(log, 6) == ["hello one", "hello two"]
            await life.until(lambda: life.agent.outbox_size == 0)


async def test_a_lost_journal_is_made_anew_from_the_log(tmp_path: Path) -> None:
    """Same state, and not one entry a second time; the birth says so."""
    async with small_log(tmp_path) as log:
        async with living(log, tmp_path, 1) as life:
            await say(log, 1, "one")
            await log.entries(5)
            await life.until(lambda: life.agent.cursor.position == 5)
            before = life.agent.state
        await lose_journal(tmp_path)
        async with living(log, tmp_path, 2) as life:
            assert life.agent.state == before
            assert (life.agent.rebuilt_until, life.agent.cursor.position) == (5, 5)
            started = (await log.entries(6))[-1].record
            await life.until(lambda: life.agent.outbox_size == 0)
        assert started == AgentStarted(agent="line", epoch=2, version=started.version, rebuilt=True)
        assert await words(log, 6) == ["one one", "one two"]


async def test_a_lost_journal_decides_only_what_the_log_does_not_hold(tmp_path: Path) -> None:
    """The first of two decisions had its position; the second follows under the id it would have had."""
    async with small_log(tmp_path) as log:
        async with living(log, tmp_path, 1, submits=False) as life:
            await say(log, 1, "one")
            await life.until(lambda: life.agent.outbox_size == 3)
            for row in (await life.agent.outbox())[:2]:
                await log.send(life.bus, "line", row.sequence, row.data)
            await log.entries(4)
        await lose_journal(tmp_path)
        async with living(log, tmp_path, 2) as life:
            entries = await log.entries(6)
            await life.until(lambda: life.agent.outbox_size == 0)
    assert [entry.id for entry in entries if entry.kind == "TroubleMet"] == ["line/2/0", "line/2/1"]


async def test_a_journal_that_was_rolled_back_counts_as_lost(tmp_path: Path) -> None:
    """Its last epoch is not the one given out before."""
    path = journal_path(tmp_path)
    async with small_log(tmp_path) as log:
        async with living(log, tmp_path, 1) as life:
            await life.until(lambda: life.agent.outbox_size == 0)
        backup = await asyncio.to_thread(path.read_bytes)
        async with living(log, tmp_path, 2, submits=False) as life:
            await life.until(lambda: life.agent.cursor.position == 2)
        await asyncio.to_thread(path.write_bytes, backup)
        async with living(log, tmp_path, 3) as life:
            assert life.agent.rebuilt_until == 2


@pytest.mark.parametrize("was_born", [False, True])
async def test_a_process_killed_around_its_birth_has_not_lost_its_journal(tmp_path: Path, was_born: bool) -> None:
    """It wrote its epoch down before it asked; whether the recorder gave it out is not known, and need not be."""
    async with small_log(tmp_path) as log:
        async with living(log, tmp_path, 1) as life:
            await life.until(lambda: life.agent.outbox_size == 0)
        await asyncio.to_thread(_write_epochs, journal_path(tmp_path), "1,2")
        if was_born:
            bus = await log.join("line")
            await log.listen(bus, "line")
            await log.give_birth(bus, "line", 2)
        async with living(log, tmp_path, 3) as life:
            assert life.agent.rebuilt_until == 0


def _write_epochs(path: Path, epochs: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE meta SET value = ? WHERE key = 'epochs'", (epochs,))
    connection.close()


async def test_a_state_that_this_software_cannot_read_is_made_anew(tmp_path: Path) -> None:
    """A newer version has other fields; the log has everything."""
    async with small_log(tmp_path) as log:
        async with living(log, tmp_path, 1) as life:
            await say(log, 1, "one")
            await log.entries(5)
            await life.until(lambda: life.agent.cursor.position == 5)
            await life.worker.run(_write_state, life.journal, '{"nonsense": 1}')
        async with living(log, tmp_path, 2) as life:
            assert life.agent.state.heard == ("one",)
            await life.until(lambda: life.agent.outbox_size == 0)
        assert await words(log, 6) == ["one one", "one two"]


def _write_state(journal, state: str) -> None:
    with journal.transaction():
        journal.write_state(state, "0")


async def test_another_store_stops_the_agent_before_it_is_born(tmp_path: Path) -> None:
    """It says which logs, and the two ways on."""
    (tmp_path / "other").mkdir()
    async with small_log(tmp_path) as log, living(log, tmp_path, 1) as life:
        await life.until(lambda: life.agent.outbox_size == 0)
    async with small_log(tmp_path / "other") as log:
        with pytest.raises(ForeignLogError, match="lab-agents log adopt"):
            async with living(log, tmp_path, 2):
                raise AssertionError("it was born")


async def test_a_process_whose_successor_was_born_ends(tmp_path: Path) -> None:
    """It is told as soon as it follows again."""
    async with small_log(tmp_path) as log, living(log, tmp_path, 1) as life:
        bus = await log.join("successor")
        await log.listen(bus, "line")
        await log.give_birth(bus, "line", 2)
        await log.send(life.bus, "line", 9, b"", epoch=1)
        with pytest.raises(FencedError):
            await life.agent.link.birth(0, 0)


async def test_poison_stops_the_agent_and_is_told_with_its_trace(tmp_path: Path) -> None:
    """Three tries, then `stuck at n`; nothing after it is handled, and nothing it did half stays."""
    async with small_log(tmp_path) as log, living(log, tmp_path, 1, Echo(poison="bad")) as life:
        await life.until(lambda: life.agent.outbox_size == 0)
        await say(log, 1, "bad")
        await life.until(lambda: life.agent.stuck)
        trouble = (await log.entries(4))[-1].record
        await say(log, 2, "good")
        await log.entries(5)
        await life.until(lambda: life.agent.outbox_size == 0)
        assert life.agent.stuck == "stuck at 3"
        assert (life.agent.cursor.position, life.agent.state.heard) == (2, ())
    assert isinstance(trouble, TroubleMet)
    assert trouble.position == 3
    assert "ZeroDivisionError: cannot hear bad" in trouble.trouble.evidence["trace"]
    assert "lab-agents log void 3 --reason WHY" in trouble.trouble.remedies


async def test_a_voided_entry_is_passed_over_and_those_in_between_are_handled_in_order(tmp_path: Path) -> None:
    """As if the entry had not concerned the agent."""
    async with small_log(tmp_path) as log, living(log, tmp_path, 1, Echo(poison="bad")) as life:
        await life.until(lambda: life.agent.outbox_size == 0)
        for number, word in enumerate(("bad", "one", "two")):
            await say(log, number, word)
        await log.entries(6)
        await void(log, 9, 3)
        await life.until(lambda: life.agent.state.heard == ("one", "two"))
        await life.until(lambda: life.agent.outbox_size == 0)
        assert life.agent.stuck is None
        assert (await words(log, 11))[1:] == ["one one", "one two", "two one", "two two"]


async def test_an_agent_restarted_after_the_entry_was_voided_goes_on_by_itself(tmp_path: Path) -> None:
    """Nobody need void it twice, and the same trouble is not told twice."""
    async with small_log(tmp_path) as log:
        async with living(log, tmp_path, 1, Echo(poison="bad")) as life:
            await say(log, 1, "bad")
            await life.until(lambda: life.agent.stuck)
            await log.entries(4)
            await life.until(lambda: life.agent.outbox_size == 0)
        position = 1 + [entry.kind for entry in await log.entries(4)].index("AbortCampaign")
        await void(log, 9, position)
        await say(log, 2, "good")
        async with living(log, tmp_path, 2, Echo(poison="bad")) as life:
            await life.until(lambda: life.agent.state.heard == ("good",) and life.agent.outbox_size == 0)
            assert life.agent.stuck is None
        troubles = await words(log, 9)
    assert len([one for one in troubles if "cannot handle" in one]) == 1


async def test_a_lost_journal_passes_over_what_was_voided(tmp_path: Path) -> None:
    """The log says that this agent was stuck there and that a person let it pass."""
    async with small_log(tmp_path) as log:
        async with living(log, tmp_path, 1, Echo(poison="bad")) as life:
            await life.until(lambda: life.agent.outbox_size == 0)
            await say(log, 1, "bad")
            await log.entries(4)
            await void(log, 9, 3)
            await say(log, 2, "good")
            await life.until(lambda: life.agent.state.heard == ("good",) and life.agent.outbox_size == 0)
        await lose_journal(tmp_path)
        async with living(log, tmp_path, 2) as life:
            assert life.agent.state.heard == ("good",)
            assert life.agent.stuck is None


async def test_a_lost_journal_is_stuck_where_nobody_voided_the_entry(tmp_path: Path) -> None:
    """It comes back as far as it can, says so, and waits; it does not end again and again."""
    async with small_log(tmp_path) as log:
        async with living(log, tmp_path, 1) as life:
            for number, word in enumerate(("one", "bad", "two")):
                await say(log, number, word)
            await life.until(lambda: life.agent.state.heard == ("one", "bad", "two") and life.agent.outbox_size == 0)
        await lose_journal(tmp_path)
        entries = await log.entries(11)
        bad = next(1 + at for at, entry in enumerate(entries) if getattr(entry.record, "reason", "") == "bad")
        async with living(log, tmp_path, 2, Echo(poison="bad")) as life:
            await life.until(lambda: life.agent.stuck == f"stuck at {bad}")
            assert life.agent.state.heard == ("one",)
            await log.entries(13)
            await void(log, 9, bad)
            await life.until(lambda: life.agent.state.heard == ("one", "two") and life.agent.outbox_size == 0)


async def test_an_entry_that_cannot_be_read_stops_the_agent_and_not_its_process(tmp_path: Path) -> None:
    """A newer version wrote it: the agent says where it stands, and goes on once a person has voided it."""
    async with small_log(tmp_path) as log:
        async with living(log, tmp_path, 1) as life:
            await say(log, 1, "one")
            await life.until(lambda: life.agent.state.heard == ("one",) and life.agent.outbox_size == 0)
            position = await log.add_unreadable()
            await say(log, 2, "two")
            await life.until(lambda: life.agent.stuck == f"stuck at {position}")
            assert life.agent.state.heard == ("one",)
            await void(log, 9, position)
            await life.until(lambda: life.agent.state.heard == ("one", "two") and life.agent.outbox_size == 0)
            assert life.agent.stuck is None
        sealed = await log.worker.run(log.writer.page, position, 10_000_000)
        told = [unpack_logged(one).entry for one in sealed]
        stuck = next(entry.record.trouble for entry in told if entry.id.startswith("line/stuck/"))
        assert f"entry {position} cannot be read by this version" in stuck.what
        await lose_journal(tmp_path)
        async with living(log, tmp_path, 2) as life:
            assert life.agent.state.heard == ("one", "two"), "a rebuilt journal passes over it, too"


async def test_what_others_stumbled_over_stays_handled_when_the_journal_is_lost(tmp_path: Path) -> None:
    """An entry voided for another agent was heard by this one, so it is heard again."""
    async with small_log(tmp_path) as log:
        async with living(log, tmp_path, 1) as life:
            await life.until(lambda: life.agent.outbox_size == 0)
            await say(log, 1, "one")
            await void(log, 9, 3)
            await life.until(lambda: life.agent.cursor.position >= 4 and life.agent.outbox_size == 0)
        await lose_journal(tmp_path)
        async with living(log, tmp_path, 2) as life:
            assert life.agent.state.heard == ("one",)


async def test_a_full_disk_under_the_journal_is_no_poison(tmp_path: Path) -> None:
    """The agent says why it waits, handles nothing, and goes on in order when there is room."""
    async with small_log(tmp_path) as log, living(log, tmp_path, 1) as life:
        await life.until(lambda: life.agent.outbox_size == 0)
        disk = connection_of(life.journal)
        await life.worker.run(disk.execute, "PRAGMA query_only = ON")
        for number, word in enumerate(("one", "two")):
            await say(log, number, word)
        async with asyncio.timeout(60):
            while life.agent.trouble() is None:
                await asyncio.sleep(0.005)
        assert "line.sqlite cannot be written: attempt to write a readonly database" in (life.agent.trouble() or "")
        assert (life.agent.stuck, life.agent.state.heard) == (None, ())
        await life.worker.run(disk.execute, "PRAGMA query_only = OFF")
        await life.until(lambda: life.agent.state.heard == ("one", "two") and life.agent.outbox_size == 0)
        assert life.agent.trouble() is None
        assert await words(log, 8) == ["one one", "one two", "two one", "two two"]


async def test_a_refused_entry_leaves_the_outbox_and_makes_trouble(tmp_path: Path) -> None:
    """It is not sent again, and a person hears why."""
    async with small_log(tmp_path) as log, living(log, tmp_path, 1) as life:
        await life.until(lambda: life.agent.outbox_size == 0)
        await say(log, 1, "forbidden")
        entries = await log.entries(5)
        await life.until(lambda: life.agent.cursor.position == 5 and life.agent.outbox_size == 0)
        assert await life.agent.outbox() == []
    assert isinstance(entries[3].record, EntryRefused)
    trouble = entries[4].record
    assert isinstance(trouble, TroubleMet)
    assert "line may not publish PlannerExhausted" in trouble.trouble.what
    assert trouble.position == 4


async def test_a_timer_rings_once_however_often_it_is_rung(tmp_path: Path) -> None:
    """Its id derives from the subject, the purpose and the moment."""
    async with small_log(tmp_path) as log, living(log, tmp_path, 1) as life:
        await say(log, 1, "wake")
        await life.until(lambda: life.agent.state.rings)
        for _ in range(3):
            await life.agent.ring(life.agent.state.rings[0])
            await life.until(lambda: life.agent.outbox_size == 0)
        rung = [entry for entry in await log.entries(6) if isinstance(entry.record, TimerRang)]
    assert len(rung) == 1
    assert rung[0].id.startswith("line/timer/s/nap-since-")


async def test_what_is_sensed_twice_is_entered_once(tmp_path: Path) -> None:
    """The name makes the id, and the recorder answers with the position it has."""
    async with small_log(tmp_path) as log, living(log, tmp_path, 1) as life:
        for _ in range(2):
            await life.agent.sense("smoke/1", (note("smoke"),))
            await life.until(lambda: life.agent.outbox_size == 0)
        assert await words(log, 3) == ["smoke"]


async def test_an_entry_of_no_concern_wakes_only_who_waits_for_the_head(tmp_path: Path) -> None:
    """Nothing that an agent owes or wants can have changed; a job may have waited until it was handled."""
    async with small_log(tmp_path) as log, living(log, tmp_path, 1, Echo(kinds=frozenset())) as life:
        agent = life.agent
        await life.until(lambda: agent.outbox_size == 0)
        for number in (1, 2):
            woken = agent.changed.listen()
            if number == 2:
                agent.wake_at_head()
            await say(log, number, "hello")
            async with asyncio.timeout(60):
                while agent.cursor.position < 2 + number:
                    await asyncio.sleep(0.005)
            assert woken.is_set() == (number == 2)
