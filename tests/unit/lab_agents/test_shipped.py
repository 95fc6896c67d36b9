"""Campaigns that come with the package."""

from pathlib import Path

import pytest

from lab_agents.errors import DeclarationError
from lab_agents.shipped import find_example

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.glob("*.yaml")))
def test_every_example_is_found(name):
    assert find_example(name).read_text() == (EXAMPLES / name).read_text()


def test_one_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(DeclarationError, match=r"absorber\.yaml.*opv_blend\.yaml"):
        find_example("gold.yaml")
