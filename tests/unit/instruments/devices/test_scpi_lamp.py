"""The lamp's lines, as its page says."""

import numpy as np

from instruments.devices.scpi_lamp import ScpiLamp
from instruments.programs import Program, StartCode
from tests.paper_wire import PaperWire, on_paper
from tests.thin_film_stand import thin_film

LAB = thin_film()
LIGHT = Program("0f" * 8, 4, "illuminate", {"suns": 1.0, "duration": 1800.0})


async def test_an_exposure_is_one_line():
    wire = PaperWire(verdict=3.0)
    assert await ScpiLamp(on_paper("lamp_2", wire, LAB)).send(LIGHT) is StartCode.BLOCKED
    assert wire.written == [("EXP:START", '"0f0f0f0f0f0f0f0f",4,1.0,1800.0')]


async def test_the_trace_can_be_read():
    lists = {"TRACE:TIME": (0.0, 10.0), "TRACE:IRR": (0.0, 0.9)}
    device = ScpiLamp(on_paper("lamp_2", PaperWire(verdict=0.0, **{"EXP:STATE": 2.0}, **lists), LAB))
    await device.set(LIGHT)
    read = {name.removeprefix("lamp_2-"): value["value"] for name, value in (await device.read()).items()}
    assert np.array_equal(read.pop("time"), [0.0, 10.0])
    assert np.array_equal(read.pop("irradiance"), [0.0, 0.9])
    assert read == {"suns": 1.0, "duration": 1800.0, "n_points": 2}


async def test_halt_switches_its_own_slot_off():
    wire = PaperWire()
    await ScpiLamp(on_paper("lamp_2", wire, LAB)).halt()
    assert wire.written == [("OUTP", 0.0)]
