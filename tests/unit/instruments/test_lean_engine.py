"""A RunEngine loads ophyd only where a device uses it."""

import subprocess
import sys

_MAKE = "import sys; from instruments.lean_engine import make_run_engine as make; "


def _say(code: str) -> str:
    """What a fresh interpreter prints."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_an_engine_alone_does_not_load_ophyd():
    """And it can be loaded afterwards as if nothing had been."""
    say = "print('ophyd' in sys.modules, 'ophyd' in engine.md['versions'])"
    assert _say(f"{_MAKE} engine = make(); {say}") == "False False"
    assert _say(f"{_MAKE} engine = make(); import ophyd; print(bool(ophyd.__version__))").endswith("True")


def test_an_engine_notes_the_version_of_ophyd_where_it_is_used():
    """The version stands in every run's start document."""
    assert _say(f"{_MAKE} import ophyd; print(make().md['versions']['ophyd'] == ophyd.__version__)").endswith("True")
