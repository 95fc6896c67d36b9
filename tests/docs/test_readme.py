"""What the README says is run."""

import contextlib
import io
import re
import tomllib
from pathlib import Path

import pytest

from lab_agents.campaign_check import check_against_lab
from lab_agents.campaign_file import read_campaign

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


@pytest.fixture
def campaign(tmp_path, monkeypatch):
    (tmp_path / "my_blend.yaml").write_text(blocks("yaml")[0])
    monkeypatch.chdir(tmp_path)
    return tmp_path / "my_blend.yaml"


def test_the_campaign_fits_its_laboratory(campaign):
    assert len(blocks("yaml")[0].splitlines()) <= 15
    assert check_against_lab(read_campaign(campaign)).name == "opv_replay"


def test_the_bench_program_prints_its_result(campaign):
    program = next(b for b in blocks("python") if "run_bench" in b)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(program, "README.md", "exec"), {})
    assert said.getvalue().startswith("best of 12 blends: 0.")


def test_the_driver_is_one():
    program = next(b for b in blocks("python") if "Driver(" in b)
    names = {}
    exec(compile(program, "README.md", "exec"), names)
    points = tomllib.loads(blocks("toml")[0])["project"]["entry-points"]["lab_agents.instruments"]
    assert points == {names["HOTPLATE"].name: "my_lab.hotplate:HOTPLATE"}


def test_every_command_named_exists(capsys):
    from lab_agents.cli import main

    named = set(re.findall(r"^lab-agents ([a-z]+(?: check)?)", "\n".join(blocks("sh")), re.MULTILINE))
    assert len(named) >= 5
    for command in sorted(named):
        with pytest.raises(SystemExit) as left:
            main([*command.split(), "--help"])
        assert left.value.code == 0


def test_make_targets_named_exist():
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^make ([a-z-]+)", "\n".join(blocks("sh")), re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\(((?!https?:)[^)]+)\)", README))))
def test_every_file_linked_exists(path):
    assert (ROOT / path).exists()


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"`((?:docs|tests|instruments|lab_agents)/[\w./-]+\.\w+)`", README)))
)
def test_every_file_named_exists(path):
    assert (ROOT / path).exists()
