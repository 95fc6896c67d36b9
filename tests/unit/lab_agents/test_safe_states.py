import asyncio
from datetime import UTC, datetime

import pytest

from instruments.errors import TransportError
from instruments.transports.connection import Connection
from lab_agents.errors import DeclarationError
from lab_agents.records.laboratory import InstrumentDeclaration, SafeWrite
from lab_agents.safe_states import SafeKeeper, dial
from lab_agents.settings import Settings
from tests.paper_wire import PaperWire

HALT = SafeWrite(signal="halt", value=1.0, read_back="status", expected=0.0, within=0.5)
HEATER = SafeWrite(signal="heater", value=20.0, read_back="heater", expected=20.0, within=0.5)


class Oven:
    """A line to an oven that does as it is told, but for what a test breaks."""

    def __init__(self):
        self.registers = {"status": 1.0, "heater": 300.0}
        self.written = []
        self.is_reachable = True
        self.stuck = set()
        self.broken = set()
        self.n_read = self.n_waiting = 0
        self.may_connect = asyncio.Event()
        self.may_connect.set()

    async def connect(self):
        self.n_waiting += not self.may_connect.is_set()
        await self.may_connect.wait()
        if not self.is_reachable:
            raise TransportError("oven cannot be reached")

    async def write(self, signal, value):
        await self.connect()
        if signal in self.broken:
            raise TransportError(f"{signal} is not accepted")
        self.written.append(signal)
        if signal not in self.stuck:
            self.registers.update({"status": 0.0} if signal == "halt" else {signal: value})

    async def read(self, signal):
        await self.connect()
        self.n_read += 1
        return self.registers[signal]

    async def close(self):
        pass


class Time:
    """Wall seconds that pass only while somebody pauses."""

    def __init__(self):
        self.now = 0.0
        self.at = {}

    def __call__(self):
        return self.now

    async def pause(self, seconds):
        self.now += seconds
        for due in [due for due in self.at if due <= self.now]:
            self.at.pop(due)()
        await asyncio.sleep(0)


def keeper(oven, time, *writes):
    declaration = InstrumentDeclaration(driver="oven", address="modbus://10.0.0.7:502", safe_state=writes)
    return SafeKeeper(
        "oven", declaration, lambda: declaration.address, dial=lambda *_: oven, settings=Settings(), monotonic=time,
        pause=time.pause,
    )  # fmt: skip


async def test_a_safe_state_counts_when_it_has_stayed_for_five_seconds():
    oven, time, reports = Oven(), Time(), []
    kept = keeper(oven, time, HALT, HEATER)
    await kept.make_safe(lambda: reports.append(kept.state.state))
    assert kept.state.state == "safe at"
    assert kept.is_settled
    assert time.now >= 5.0
    assert oven.registers == {"status": 0.0, "heater": 20.0}
    assert oven.written[:2] == ["halt", "heater"]
    assert len(oven.written) > 10, "it is asserted again while it is watched"
    assert reports == ["not confirmed", "safe at"]


async def test_what_somebody_overwrites_is_written_again_and_watched_anew():
    oven, time = Oven(), Time()
    kept = keeper(oven, time, HALT, HEATER)
    time.at[4.0] = lambda: oven.stuck.add("heater") or oven.registers.update(heater=300.0)
    time.at[8.0] = oven.stuck.clear
    await kept.make_safe(lambda: None)
    assert oven.registers["heater"] == 20.0
    assert time.now >= 13.0


async def test_an_instrument_that_comes_back_is_made_safe_then():
    oven, time, reports = Oven(), Time(), []
    oven.is_reachable = False
    kept = keeper(oven, time, HALT)
    time.at[30.0] = lambda: setattr(oven, "is_reachable", True)
    await kept.make_safe(lambda: reports.append(kept.state.state))
    assert reports == ["unreachable", "unreachable", "not confirmed", "safe at"], "the second says that it is settled"
    assert time.now >= 35.0


async def test_one_lost_answer_is_no_answer_to_a_stop():
    oven, time, settled = Oven(), Time(), []
    oven.is_reachable = False
    kept = keeper(oven, time, HALT)
    time.at[0.04] = lambda: setattr(oven, "is_reachable", True)
    time.at[2.0] = lambda: settled.append(kept.is_settled)
    await kept.make_safe(lambda: settled.append(kept.is_settled))
    assert not any(settled[:-1])
    assert kept.state.state == "safe at"


async def test_a_write_that_is_not_confirmed_does_not_keep_the_next_from_being_written():
    oven, time = Oven(), Time()
    oven.stuck.add("halt")
    kept = keeper(oven, time, HALT, HEATER)
    time.at[10.0] = oven.stuck.clear
    seen = []
    await kept.make_safe(lambda: seen.append((kept.state.detail, oven.registers["heater"])))
    assert seen[0] == ("status is 1.0, not 0", 20.0)


async def test_whatever_a_foreign_driver_raises_is_a_report():
    oven, time = Oven(), Time()
    oven.registers["status"] = "nonsense"
    oven.stuck.add("halt")
    kept = keeper(oven, time, HALT)
    time.at[3.0] = lambda: oven.registers.update(status=0.0)
    seen = []
    await kept.make_safe(lambda: seen.append(kept.state))
    assert seen[0].state == "unreachable"
    assert "'nonsense', where a number was expected" in seen[0].detail


async def test_an_address_that_nobody_knows_is_said(tmp_path):
    oven, time = Oven(), Time()
    addresses = [None]
    declaration = InstrumentDeclaration(driver="oven", address="modbus://127.0.0.1:0", safe_state=(HALT,))
    kept = SafeKeeper(
        "oven", declaration, lambda: addresses[-1], dial=lambda *_: oven, monotonic=time, pause=time.pause
    )
    time.at[2.0] = lambda: addresses.append("modbus://127.0.0.1:5020")
    seen = []
    await kept.make_safe(lambda: seen.append(kept.state.detail))
    assert "its address is not known" in seen[0]
    assert kept.state.state == "safe at"


async def test_an_instrument_without_a_safe_state_is_never_called_safe():
    oven, time = Oven(), Time()
    kept = keeper(oven, time)
    making = asyncio.create_task(kept.make_safe(lambda: None))
    async with asyncio.timeout(60):
        while not kept.is_settled:
            await asyncio.sleep(0)
    making.cancel()
    await asyncio.wait({making})
    assert (kept.state.state, oven.written) == ("not confirmed", [])
    assert "declares no safe state" in kept.state.detail


async def test_standing_by_connects_before_anything_is_written():
    oven, time = Oven(), Time()
    kept = keeper(oven, time, HALT)
    await kept.stand_by()
    assert oven.written == []
    oven.is_reachable = False
    with pytest.raises(TransportError):
        await kept.stand_by()


def test_a_line_is_the_drivers_own_wire():
    declaration = InstrumentDeclaration(driver="modbus_coater", address="modbus://127.0.0.1:0?unit=1")
    line = dial("coater_a", declaration, "modbus://127.0.0.1:5020?unit=1")
    assert "coater_a at modbus://127.0.0.1:5020?unit=1" in str(vars(line))
    assert issubclass(DeclarationError, Exception)


async def test_what_stands_by_is_written_to_at_once_and_nothing_is_read():
    oven, time = Oven(), Time()
    kept = keeper(oven, time, HALT, HEATER)
    await kept.stand_by()
    kept.begin()
    before = datetime.now(UTC)
    await kept.write_at_once()
    assert (oven.written, oven.n_read) == (["halt", "heater"], 0)
    assert before <= kept.written_at <= datetime.now(UTC)
    assert (kept.is_settled, kept.state.state) == (False, "not asked"), "nothing was confirmed"


async def test_what_does_not_stand_by_is_not_written_to_at_once():
    """It may serve one client, which is its driver as long as that lives."""
    oven, time = Oven(), Time()
    kept = keeper(oven, time, HALT)
    kept.begin()
    await kept.write_at_once()
    assert (oven.written, kept.written_at) == ([], None)
    oven.is_reachable = False
    with pytest.raises(TransportError):
        await kept.stand_by()
    await kept.write_at_once()
    assert oven.written == []


async def test_a_first_write_that_reached_one_signal_counts_when_the_others_are_written_too():
    oven, time = Oven(), Time()
    oven.broken.add("heater")
    kept = keeper(oven, time, HALT, HEATER)
    await kept.stand_by()
    kept.begin()
    await kept.write_at_once()
    assert (oven.written, kept.written_at) == (["halt"], None)
    oven.broken.clear()
    await kept.make_safe(lambda: None)
    assert kept.written_at is not None


async def test_it_stands_by_also_while_its_connection_is_looked_at():
    """A stop may come in any moment, also in that one."""
    oven, time = Oven(), Time()
    kept = keeper(oven, time, HALT)
    await kept.stand_by()
    oven.may_connect.clear()
    looking = asyncio.create_task(kept.stand_by())
    async with asyncio.timeout(60):
        while not oven.n_waiting:
            await asyncio.sleep(0)
        oven.may_connect.set()
        await kept.write_at_once()
        await looking
    assert oven.written == ["halt"]


class MuteWire(PaperWire):
    """Takes writes and answers none until it may."""

    def __init__(self, **answers):
        super().__init__(**answers)
        self.took, self.may_answer = asyncio.Event(), asyncio.Event()

    async def write(self, signal, value):
        await super().write(signal, value)
        self.took.set()
        await self.may_answer.wait()


async def test_a_first_write_that_is_cut_off_gives_its_connection_up():
    """What was half sent is not taken for an answer to the write that follows."""
    wire, time = MuteWire(status=0), Time()
    kept = keeper(Connection(wire, "oven", 60.0), time, HALT)
    await kept.stand_by()
    kept.begin()
    writing = asyncio.create_task(kept.write_at_once())
    async with asyncio.timeout(60):
        await wire.took.wait()
        writing.cancel()
        await asyncio.wait({writing})
        wire.may_answer.set()
        await kept.make_safe(lambda: None)
    assert (wire.opened, kept.state.state) == (2, "safe at")
