"""What a person loads into the simulated laboratory is what its instruments count, over their own protocols."""

import pytest

from lab_agents.agents.behaviour import Job, JobOutcome
from lab_agents.agents.counting import CountRunner
from lab_agents.agents.hands import HANDS, HandsRunner
from lab_agents.agents.person import LoadArguments
from lab_agents.agents.supplies import CountArguments
from tests.instrument_stand import ABOUT, open_gate
from tests.simulated_world import token
from tests.thin_film_stand import act, open_stand


def errand(consumable: str) -> Job:
    """What the hands are to load."""
    asked = LoadArguments(ticket=f"ticket-{consumable}", consumable=consumable)
    return Job(id="7/load", cause=7, kind="load", name="load", subject="t", arguments=asked.model_dump_json())


def look(consumable: str, instrument: str, signal: str) -> Job:
    """What the instrument is to count."""
    asked = CountArguments(
        consumable=consumable, instrument=instrument, signal=signal, unit="piece", ticket="t", confirmed=1.0, slack=0.0
    )
    return Job(id="8/count", cause=8, kind="count", name="count", subject="t", arguments=asked.model_dump_json())


@pytest.mark.parametrize(
    ("agent", "consumable", "signal", "full", "drawn"),
    [
        ("line_a", "substrates_a", "substrates", 130.0, 1.0),
        ("handler", "tips", "tips", 2000.0, 4.0),
        ("handler", "csi", "stock csi", 25000.0, 40.0),
    ],
)
async def test_an_instrument_counts_what_was_loaded(tmp_path, agent, consumable, signal, full, drawn):
    """After an act it holds less, after the hands were there it is full again."""
    async with open_stand(tmp_path, "handler", "spin_a") as stand:
        engines = {name: await stand.engine(name) for name in ("handler", "line_a")}
        await engines["handler"].perform(act("mix"), 0, token(1), open_gate, ABOUT)
        await engines["line_a"].perform(act("spin"), 0, token(2), open_gate, ABOUT)
        counting = CountRunner(engines[agent])
        job = look(consumable, "spin_a" if agent == "line_a" else "handler", signal)
        before = await counting.run(job)
        loaded = await HandsRunner(lambda: stand.simulated.addresses[HANDS]).run(errand(consumable))
        after = await counting.run(job)
    assert float(before.answer) == pytest.approx(full - drawn, abs=1.0 if signal.startswith("stock") else 0.0)
    assert after == loaded == JobOutcome(ok=True, answer=str(full))
