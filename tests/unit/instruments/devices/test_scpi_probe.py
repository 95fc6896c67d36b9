"""The probe's lines, as its page says."""

import numpy as np

from instruments.devices.scpi_probe import ScpiProbe
from instruments.programs import Program, StartCode
from tests.paper_wire import PaperWire, on_paper
from tests.thin_film_stand import thin_film

LAB = thin_film()
SWEEP = Program("0f" * 8, 4, "sweep", {"current": 0.001, "points": 10.0})


async def test_a_sweep_is_one_line():
    wire = PaperWire(verdict=0.0)
    assert await ScpiProbe(on_paper("probe", wire, LAB)).send(SWEEP) is StartCode.ACCEPTED
    assert wire.written == [("SWE:START", '"0f0f0f0f0f0f0f0f",4,0.001,10.0')]


async def test_currents_and_voltages_can_be_read_with_the_probes_constants():
    lists = {"TRACE:CURR": (1e-3, -1e-3), "TRACE:VOLT": (0.1, -0.1), "HEAD:SPAC": 1.0, "SOUR:COMP": 2.1}
    device = ScpiProbe(on_paper("probe", PaperWire(verdict=0.0, **{"SWE:STATE": 2.0}, **lists), LAB))
    await device.set(SWEEP)
    read = {name.removeprefix("probe-"): value["value"] for name, value in (await device.read()).items()}
    assert np.array_equal(read.pop("current"), [1e-3, -1e-3])
    assert np.array_equal(read.pop("voltage"), [0.1, -0.1])
    assert read == {"spacing": 1.0, "compliance": 2.1, "n_points": 2}
