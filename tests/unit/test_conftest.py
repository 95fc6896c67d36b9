"""The rules that hold for every test catch who breaks them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]
ROOT = TESTS.parent
WIDE = os.environ | {"COLUMNS": "300"}

OFFENDERS = """
import asyncio

import pytest

from lab_agents.records.table import InputRange, TableDeclaration
from lab_agents.tables import read_table

kept = []

async def test_that_leaves_a_task():
    kept.append(asyncio.create_task(asyncio.sleep(100)))

async def test_that_blocks_its_loop(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,y")
    read_table(TableDeclaration(path="t.csv", inputs={"a": InputRange(lower=0.0, upper=1.0)}, output="y"), path)

@pytest.mark.timeout(1000)
async def test_that_is_good():
    await asyncio.sleep(0)
"""


def test_a_left_task_and_a_blocking_call_fail_their_tests(tmp_path):
    shutil.copy(TESTS / "conftest.py", tmp_path)
    (tmp_path / "test_offenders.py").write_text(OFFENDERS)
    command = [sys.executable, "-m", "pytest", "-v", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path)]
    run = subprocess.run([*command, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False, env=WIDE)
    assert "::test_that_leaves_a_task - AssertionError: left running" in run.stdout
    assert "::test_that_blocks_its_loop - blockbuster" in run.stdout
    assert "1 failed, 2 passed, 1 error" in run.stdout
    assert run.stdout.index("::test_that_is_good PASSED") < run.stdout.index("::test_that_leaves_a_task")
