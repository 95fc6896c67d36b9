"""Reading what an instrument holds."""

from instruments.errors import TransportError
from lab_agents.agents.behaviour import Job
from lab_agents.agents.counting import CountRunner
from lab_agents.agents.supplies import CountArguments
from lab_agents.settings import Settings

ASKED = CountArguments(
    consumable="tips", instrument="handler", signal="tips", unit="piece", ticket="t", confirmed=9.0, slack=0.0
)
JOB = Job(id="7/count-tips", cause=7, kind="count", name="count", subject="tips", arguments=ASKED.model_dump_json())


class Deaf:
    """An instrument that cannot be reached at first."""

    def __init__(self, n_silent: int) -> None:
        self.n_silent = n_silent
        self.asked: list[tuple[str, str]] = []

    async def count(self, instrument: str, signal: str) -> float:
        """Nine, in the end."""
        self.asked.append((instrument, signal))
        if len(self.asked) <= self.n_silent:
            raise TransportError("nothing listens there")
        return 9.0


async def test_a_count_is_what_the_instrument_says() -> None:
    """By its own sensor."""
    handler = Deaf(0)
    outcome = await CountRunner(handler).run(JOB)
    assert (outcome.ok, outcome.answer) == (True, "9.0")
    assert handler.asked == [("handler", "tips")]


async def test_an_instrument_that_is_silent_is_asked_again() -> None:
    """Nothing begins there before it was counted, so that waiting is all that is left."""
    handler = Deaf(2)
    outcome = await CountRunner(handler, Settings(ask_again=0.001)).run(JOB)
    assert outcome.answer == "9.0"
    assert len(handler.asked) == 3
