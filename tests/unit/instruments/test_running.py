"""A program is sent once; what became of it is found out by asking."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from instruments.errors import (
    ActuationFailedError,
    ActuationUnknownError,
    ForgottenTokenError,
    InterlockError,
    MotionRefusedError,
    TransportError,
)
from instruments.programs import Answer, Program, StartCode, TokenState, Traits
from instruments.running import Pace, ProgramRunner
from lab_agents.clock import FollowedClock
from tests.paper_wire import LAB

COAT = Program("ab" * 8, 1, "coat", {"speed": 1500.0, "duration": 45.0})
DONE, RUNNING = Answer(TokenState.DONE, {"speed": 1500.0}), Answer(TokenState.RUNNING)
START = datetime(2026, 1, 1, tzinfo=UTC)
NEVER, FAILED = Answer(TokenState.NEVER_SEEN), Answer(TokenState.FAILED)


class Firmware:
    """An instrument in memory: answers from a list, its last answer for ever; an error in it is raised."""

    def __init__(self, *answers, verdict=StartCode.ACCEPTED, holds_token=True):
        self.traits = Traits(holds_token=holds_token, in_flight=0.001)
        self.answers, self.verdict = list(answers), verdict
        self.sent = []

    async def send(self, program):
        self.sent.append(program)
        if isinstance(self.verdict, Exception):
            raise self.verdict
        return self.verdict

    async def ask(self, program):
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def halt(self):
        self.answers = [FAILED]


class Seen(list):
    """Watches a program."""

    def answered(self, token):
        self.append("answered")

    def ended(self, token):
        self.append("ended")


def _runner(firmware, patience=30.0):
    runner = ProgramRunner("coater_a", LAB.instruments["coater_a"], firmware, Pace(0.001, patience))
    runner.watcher = Seen()
    return runner


LOST, CUT = TransportError("no connection"), TransportError("cut", sent=True)


async def test_a_program_is_sent_once_and_followed_to_its_end():
    firmware = Firmware(RUNNING, RUNNING, LOST, RUNNING, DONE)
    runner = _runner(firmware)
    assert await runner.run(COAT) == DONE
    assert firmware.sent == [COAT]
    assert runner.watcher == ["answered", "ended"]


class Timed(Firmware):
    """Done when laboratory time has reached an instant; counts how often it is asked."""

    def __init__(self, clock, ends_at):
        super().__init__(RUNNING)
        self.clock, self.ends_at, self.n_asked = clock, ends_at, 0

    async def ask(self, program):
        self.n_asked += 1
        return DONE if self.clock.now() >= self.ends_at else RUNNING


async def test_a_program_is_asked_about_when_laboratory_time_moves_and_seldom_while_it_stands():
    """A clock that stands ends nothing: a handful of questions on the wire."""
    clock = FollowedClock(START)
    firmware = Timed(clock, START + timedelta(seconds=60))
    runner = ProgramRunner("coater_a", LAB.instruments["coater_a"], firmware, Pace(0.001, 30.0, seldom=3600.0))
    runner.clock = clock
    loop = asyncio.get_running_loop()
    for wait, moved in ((0.1, 30), (0.12, 45), (0.14, 60)):
        loop.call_later(wait, clock.set, START + timedelta(seconds=moved))
    assert await runner.run(COAT) == DONE
    assert firmware.n_asked < 30


class Flowing:
    """A clock that is always at the instant that was waited for, as if time had passed."""

    def __init__(self):
        self.at = START

    def now(self):
        return self.at

    async def sleep_until(self, due):
        self.at = max(self.at, due)
        await asyncio.sleep(0)


@pytest.mark.parametrize(("seconds", "most", "late"), [(0.5, 30, 0.02), (600.0, 1500, 0.5)])
async def test_a_program_that_has_run_for_long_is_asked_about_less_often(seconds, most, late):
    """A fiftieth of its time late at most, half a second at most, and not fifty questions for each second."""
    clock = Flowing()
    firmware = Timed(clock, START + timedelta(seconds=seconds))
    runner = ProgramRunner("coater_a", LAB.instruments["coater_a"], firmware, Pace(0.02))
    runner.clock = clock
    assert await runner.follow(Program(COAT.token, COAT.epoch, COAT.command)) == DONE
    assert firmware.n_asked < most
    assert clock.now() - firmware.ends_at <= timedelta(seconds=late)


async def test_a_program_that_ends_just_after_a_jump_of_laboratory_time_is_asked_about_again_soon():
    """The tick goes out before what is due ends, so the first question may come too early."""
    clock = FollowedClock(START)
    firmware = Firmware(RUNNING, RUNNING, DONE)
    runner = ProgramRunner("coater_a", LAB.instruments["coater_a"], firmware, Pace(0.004, seldom=3.0))
    runner.clock = clock
    asyncio.get_running_loop().call_later(0.01, clock.set, START + timedelta(seconds=45))
    async with asyncio.timeout(30):
        assert await runner.run(COAT) == DONE


async def test_a_program_that_ends_before_its_time_is_seen_all_the_same():
    """It was halted, or failed, while laboratory time stood still."""
    firmware, clock = Firmware(RUNNING, RUNNING, FAILED), FollowedClock(START)
    runner = _runner(firmware)
    runner.clock = clock
    with pytest.raises(ActuationFailedError):
        await runner.run(COAT)
    assert clock.now() == START


async def test_a_set_point_outside_its_limit_is_not_sent():
    firmware = Firmware(DONE)
    with pytest.raises(InterlockError):
        await _runner(firmware).run(Program("ab" * 8, 1, "coat", {"speed": 6000.1, "duration": 45.0}))
    assert firmware.sent == []


@pytest.mark.parametrize(
    ("code", "error", "reason"),
    [
        (StartCode.BUSY, MotionRefusedError, "another program runs"),
        (StartCode.LIMIT, InterlockError, "limits set in its hardware"),
        (StartCode.BLOCKED, MotionRefusedError, "physical state forbids"),
        (StartCode.FENCED, MotionRefusedError, "younger process"),
    ],
)
async def test_a_refusal_says_why_and_that_nothing_moved(code, error, reason):
    runner = _runner(Firmware(NEVER, verdict=code))
    with pytest.raises(error, match=reason):
        await runner.run(COAT)
    assert runner.watcher == []


async def test_a_start_that_never_left_may_be_sent_again():
    with pytest.raises(TransportError) as lost:
        await _runner(Firmware(NEVER, verdict=LOST)).run(COAT)
    assert not lost.value.sent


async def test_a_lost_answer_is_found_out_by_asking_and_never_sent_again():
    firmware = Firmware(LOST, RUNNING, DONE, verdict=CUT)
    assert await _runner(firmware).run(COAT) == DONE
    assert firmware.sent == [COAT]


async def test_a_lost_answer_with_a_token_never_seen_proves_that_nothing_moved():
    firmware = Firmware(NEVER, verdict=CUT)
    with pytest.raises(TransportError, match="never seen its token") as lost:
        await _runner(firmware).run(COAT)
    assert not lost.value.sent
    assert firmware.sent == [COAT]


async def test_a_lost_answer_of_an_instrument_without_tokens_is_unknown():
    with pytest.raises(ActuationUnknownError, match="keeps no tokens"):
        await _runner(Firmware(NEVER, verdict=CUT, holds_token=False)).run(COAT)


async def test_an_instrument_that_stays_silent_leaves_the_actuation_unknown():
    with pytest.raises(ActuationUnknownError, match=r"silent for 0\.03 s") as unknown:
        await _runner(Firmware(LOST), patience=0.03).run(COAT)
    assert unknown.value.token == COAT.token
    assert "no connection" in unknown.value.evidence["last_error"]


async def test_a_failed_program_and_a_forgotten_one_are_told_apart():
    with pytest.raises(ActuationFailedError):
        await _runner(Firmware(RUNNING, FAILED)).run(COAT)
    with pytest.raises(ForgottenTokenError, match="does not know its token"):
        await _runner(Firmware(RUNNING, NEVER)).run(COAT)


async def test_a_cancelled_wait_does_not_abandon_the_program():
    firmware = Firmware(RUNNING)
    runner = _runner(firmware)
    waiting = asyncio.create_task(runner.run(COAT))
    await asyncio.sleep(0.01)
    waiting.cancel()
    await asyncio.wait([waiting])
    going = runner.take()
    assert not going.done()
    firmware.answers = [DONE]
    assert await going == DONE
    assert runner.take() is None
