"""A program is sent once; what became of it is found out by asking."""

import asyncio

import pytest

from instruments.errors import (
    ActuationFailedError,
    ActuationUnknownError,
    InterlockError,
    MotionRefusedError,
    TransportError,
)
from instruments.programs import Answer, Program, StartCode, TokenState, Traits
from instruments.running import Pace, ProgramRunner
from tests.paper_wire import LAB

COAT = Program("ab" * 8, 1, "coat", {"speed": 1500.0, "duration": 45.0})
DONE, RUNNING = Answer(TokenState.DONE, {"speed": 1500.0}), Answer(TokenState.RUNNING)
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


def _runner(firmware):
    runner = ProgramRunner("coater_a", LAB.instruments["coater_a"], firmware, Pace(0.001, 0.03))
    runner.watcher = Seen()
    return runner


LOST, CUT = TransportError("no connection"), TransportError("cut", sent=True)


async def test_a_program_is_sent_once_and_followed_to_its_end():
    firmware = Firmware(RUNNING, RUNNING, LOST, RUNNING, DONE)
    runner = _runner(firmware)
    assert await runner.run(COAT) == DONE
    assert firmware.sent == [COAT]
    assert runner.watcher == ["answered", "ended"]


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
        await _runner(Firmware(LOST)).run(COAT)
    assert unknown.value.token == COAT.token
    assert "no connection" in unknown.value.evidence["last_error"]


async def test_a_failed_program_and_a_forgotten_one_are_told_apart():
    with pytest.raises(ActuationFailedError):
        await _runner(Firmware(RUNNING, FAILED)).run(COAT)
    with pytest.raises(ActuationUnknownError, match="does not know its token"):
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
