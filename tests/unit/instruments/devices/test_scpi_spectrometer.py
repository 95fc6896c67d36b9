"""The spectrometer's lines, as its page says."""

import numpy as np

from instruments.devices.scpi_spectrometer import ScpiSpectrometer
from instruments.programs import Program, StartCode
from tests.paper_wire import PaperWire, on_paper
from tests.thin_film_stand import thin_film

LAB = thin_film()
SPECTRUM = Program("0f" * 8, 4, "spectrum", {"averages": 16.0})


async def test_a_spectrum_is_one_line():
    wire = PaperWire(verdict=2.0)
    assert await ScpiSpectrometer(on_paper("uvvis", wire, LAB)).send(SPECTRUM) is StartCode.LIMIT
    assert wire.written == [("SPEC:START", '"0f0f0f0f0f0f0f0f",4,16.0')]


async def test_the_spectrum_can_be_read():
    lists = {"TRACE:WAVE": (350.0, 352.0), "TRACE:TRAN": (0.1, 0.2)}
    device = ScpiSpectrometer(on_paper("uvvis", PaperWire(verdict=0.0, **{"SPEC:STATE": 2.0}, **lists), LAB))
    await device.set(SPECTRUM)
    read = {name.removeprefix("uvvis-"): value["value"] for name, value in (await device.read()).items()}
    assert np.array_equal(read.pop("wavelength"), [350.0, 352.0])
    assert np.array_equal(read.pop("transmittance"), [0.1, 0.2])
    assert read == {"averages": 16.0, "n_points": 2}
