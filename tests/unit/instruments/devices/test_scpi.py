"""What the SCPI instruments have in common."""

import numpy as np
import pytest

from instruments.devices.scpi_spectrometer import ScpiSpectrometer
from instruments.errors import MissingDataError, TransportError
from instruments.programs import Program, TokenState
from tests.paper_wire import PaperWire, on_paper
from tests.thin_film_stand import thin_film

LAB = thin_film()
SPECTRUM = Program("0f" * 8, 4, "spectrum", {"averages": 16.0})


def spectrometer(**answers):
    """The shipped spectrometer on paper."""
    return ScpiSpectrometer(on_paper("uvvis", PaperWire(verdict=0.0, **answers), LAB))


async def test_a_state_is_asked_for_by_its_token():
    assert (await spectrometer(**{"SPEC:STATE": 1.0}).ask(SPECTRUM)).state is TokenState.RUNNING


async def test_lists_are_arrays_and_texts_are_none():
    device = spectrometer()
    assert np.array_equal(device.numbers((1.0, 2.0)), [1.0, 2.0])
    with pytest.raises(TransportError, match="'many', which is no list"):
        device.numbers("many")


@pytest.mark.parametrize("held", [((), ()), ((350.0, 352.0), (0.5,))])
async def test_a_record_that_is_not_whole_is_missing(held):
    lists = dict(zip(("TRACE:WAVE", "TRACE:TRAN"), held, strict=True))
    with pytest.raises(MissingDataError, match=f"holds {len(held[0])} of TRACE:WAVE, {len(held[1])} of TRACE:TRAN"):
        await spectrometer(**{"SPEC:STATE": 2.0}, **lists).set(SPECTRUM)
