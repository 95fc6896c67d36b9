"""The same recipes give the same raw data on the bench and through the simulated laboratory's instruments."""

import asyncio
import json
import struct
from datetime import timedelta
from pathlib import Path

import pytest

from instruments.lab import read_laboratory
from lab_agents.agents.blend_recipe import find_doses, making_recipe
from lab_agents.bench.laboratory_truth import LaboratoryTruth
from lab_agents.records.recipe import Act, Task
from lab_agents.records.space import Candidate
from lab_agents.tables import Material, Table
from simulators.floor import Floor
from simulators.instruments.program import Order
from simulators.lab import SimulatedLab

NAMES = ("PCE10", "P3HT", "PCBM", "oIDTBR")
LABORATORY = read_laboratory(Path(__file__).parents[2] / "deployment" / "labs" / "opv_replay.yaml")
TABLE = Table(
    NAMES,
    "degradation",
    tuple(Material((i / 10, 1 - i / 10, 0.0, 0.0), (0.01 * i, 0.01 * i + 0.002)) for i in range(11)),
    "0" * 64,
)


class _NeverAtRest:
    """The clock is moved by this test alone."""

    def is_at_rest(self) -> bool:
        return False


def _single(value: float) -> float:
    return float(struct.unpack(">f", struct.pack(">f", value))[0])


def _task(work: str, step: int, acts: tuple[Act, ...]) -> Task:
    return Task(id=f"{work}/{step}", work=work, sample="s-0001", step=step, name="step", owner="line_a", acts=acts)


async def _perform(floor: Floor, task: Task) -> None:
    for number, act in enumerate(task.acts):
        arguments = {k: _single(v) if isinstance(v, float) else v for k, v in act.arguments.items()}
        assert await floor.start(act.instrument, Order(task.token(number), 1, act.plan, arguments)) == 0
        await floor.advance(floor.now + timedelta(hours=2))


async def _ask(address: str, *questions: str) -> list[list[float]]:
    host, port = address.removeprefix("scpi://").split("?")[0].split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    answers = []
    for question in questions:
        writer.write(question.encode() + b"\n")
        answers.append([float(x) for x in (await reader.readline()).split(b",")])
    writer.close()
    await writer.wait_closed()
    return answers


@pytest.mark.parametrize("sample", ["s-0001", "s-0002"])
async def test_bench_and_laboratory_record_the_same(tmp_path: Path, sample: str) -> None:
    """Dispensed, coated, carried and soaked under the tokens of its tasks, a film has the bench's raw data."""
    candidate = Candidate(values=dict(zip(NAMES, (0.3, 0.7, 0.0, 0.0), strict=True)))
    bench = LaboratoryTruth(LABORATORY, TABLE, "line_a", is_simplex=True)
    expected = json.loads(bench.measure(sample, bench.make(sample, candidate)[0]))

    doses = find_doses(LABORATORY.channels, candidate)
    assert isinstance(doses, dict)
    recipe = making_recipe("line_a", LABORATORY.agents["line_a"].settings, doses)
    soak = _task(f"measure-{sample}-1", 1, (Act(instrument="tester", plan="soak", arguments={"exposure": 3600.0}),))
    carry = Act(instrument="robot", plan="transfer", arguments={"source": "stage_a", "target": "stage_t"})
    async with SimulatedLab(LABORATORY, TABLE, tmp_path, _NeverAtRest(), lambda *_: None) as laboratory:
        for step in (0, 1):
            await _perform(laboratory.floor, _task(f"make-{sample}", step, recipe.steps[step].acts))
        await _perform(laboratory.floor, _task("carry", 0, (carry,)))
        await _perform(laboratory.floor, soak)
        token = soak.token(0)
        time, transmission, scale, tau = await _ask(
            laboratory.addresses["tester"],
            f'TRACE:TIME? "{token}"',
            f'TRACE:DATA? "{token}"',
            "CAL:SCALE?",
            "CAL:TAU?",
        )
    assert {
        "time": time,
        "transmission": transmission,
        "offset": scale[0],
        "span": scale[1],
        "tau": tau[0],
    } == expected
