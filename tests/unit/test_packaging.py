"""What is installed: pinned versions within the declared ranges, and the lab files in the wheel."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LINES = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line and not line.startswith("#")]
PINNED = {canonicalize_name(name): version for name, version in (line.split("==") for line in LINES)}
REQUIREMENTS = [
    *PROJECT["project"]["dependencies"],
    *(one for extra in PROJECT["project"]["optional-dependencies"].values() for one in extra),
]


@pytest.mark.parametrize("line", LINES)
def test_a_pin_is_an_exact_public_version(line):
    assert re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][0-9a-z.]*", line)


@pytest.mark.parametrize("text", REQUIREMENTS)
def test_every_requirement_is_pinned_within_its_range(text):
    requirement = Requirement(text)
    assert requirement.specifier.contains(PINNED[canonicalize_name(requirement.name)], prereleases=True)


def test_lab_files_and_the_campaigns_of_benchmarks_are_part_of_the_wheel():
    included = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert included == {"deployment/labs": "lab_agents/deployment/labs", "examples": "lab_agents/examples"}
    assert (ROOT / "deployment" / "labs" / "opv_replay.yaml").is_file()
    assert (ROOT / "examples" / "absorber.yaml").is_file()


def test_every_entry_point_leads_to_something():
    from importlib import import_module

    points = {**PROJECT["project"]["scripts"]}
    for group in PROJECT["project"].get("entry-points", {}).values():
        points |= group
    for target in points.values():
        module, _, name = target.partition(":")
        assert hasattr(import_module(module), name), target
