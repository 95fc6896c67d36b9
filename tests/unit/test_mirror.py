"""The tests mirror the tree: each module with code has its own file of unit tests."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("lab_agents", "instruments", "planners", "simulators")

ELSEWHERE: dict[str, str] = {}
"""Modules whose tests stand elsewhere: where, and why."""


def _has_code(path):
    """Whether a module holds more than imports, docstrings, names, exceptions without code, and protocols."""
    tree = ast.parse(path.read_text())
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return any(isinstance(node, functions) and not _is_declared_only(node) for node in ast.walk(tree))


def _is_declared_only(function):
    return all(isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) for line in function.body)


def _twin(path):
    return ROOT / "tests" / "unit" / path.parent / f"test_{path.stem.strip('_')}.py"


def test_each_module_with_code_has_its_file_of_tests():
    modules = [path.relative_to(ROOT) for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    missing = [
        str(path)
        for path in modules
        if path.name != "__init__.py"
        and "versions" not in path.parts
        and str(path) not in ELSEWHERE
        and _has_code(ROOT / path)
        and not _twin(path).exists()
    ]
    assert missing == [], "without tests:\n" + "\n".join(missing)


def test_no_exception_outlives_its_reason():
    assert [path for path in ELSEWHERE if not (ROOT / path).exists() or _twin(Path(path)).exists()] == []
