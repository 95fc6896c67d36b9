"""The tester's lines, as its page says."""

import numpy as np
import pytest

from instruments.devices.scpi_tester import ScpiTester
from instruments.errors import MissingDataError, TransportError
from instruments.programs import Program, StartCode
from tests.paper_wire import PaperWire, on_paper

SOAK = Program("0f" * 8, 4, "soak", {"exposure": 3600.0})
TRACE = {"TRACE:TIME": (0.0, 30.0), "TRACE:DATA": (0.5, 0.6), "CAL:SCALE": (0.1, 2.0), "CAL:TAU": 600.0}


async def test_a_soak_is_one_line():
    wire = PaperWire(verdict=2.0)
    assert await ScpiTester(on_paper("tester", wire)).send(SOAK) is StartCode.LIMIT
    assert wire.written == [("SOAK:START", '"0f0f0f0f0f0f0f0f",4,3600.0')]


async def test_trace_and_calibration_can_be_read_after_the_soak():
    wire = PaperWire(verdict=0.0, **{"SOAK:STATE": [1.0, 2.0]}, **TRACE)
    tester = ScpiTester(on_paper("tester", wire))
    await tester.set(SOAK)
    read = {name.removeprefix("tester-"): value["value"] for name, value in (await tester.read()).items()}
    assert np.array_equal(read.pop("time"), [0.0, 30.0])
    assert np.array_equal(read.pop("transmission"), [0.5, 0.6])
    assert read == {"exposure": 3600.0, "scale_offset": 0.1, "scale_span": 2.0, "tau": 600.0, "n_points": 2}
    assert ("TRACE:DATA", "0f" * 8) in wire.asked


@pytest.mark.parametrize("gone", [{"TRACE:DATA": ()}, {"TRACE:TIME": ()}, {"TRACE:DATA": (0.5,)}])
async def test_a_trace_that_is_gone_is_missing_data_of_a_repeatable_measurement(gone):
    tester = ScpiTester(on_paper("tester", PaperWire(verdict=0.0, **{"SOAK:STATE": 2.0}, **{**TRACE, **gone})))
    with pytest.raises(MissingDataError, match="Measure the sample again") as missing:
        await tester.set(SOAK)
    assert missing.value.repeatable


async def test_an_error_that_is_no_verdict_is_a_transport_error():
    tester = ScpiTester(on_paper("tester", PaperWire(verdict=-113.0)))
    with pytest.raises(TransportError, match="-113") as error:
        await tester.send(SOAK)
    assert error.value.sent
