"""What was measured, and where: without it, seconds and bytes say nothing."""

import os
import platform
import subprocess
from pathlib import Path

from lab_agents import __version__


def name_machine() -> str:
    """Processor, number of cores, system."""
    return f"{find_processor()}, {os.cpu_count()} cores, {platform.system()}"


def name_software(folder: Path = Path(__file__).parent) -> str:
    """The version, with the commit where the code in `folder` is a working copy, and whether that was changed since."""
    try:
        # What is installed may lie in somebody's working copy of something else, which does not track it.
        _git(folder, "ls-files", "--error-unmatch", ".")
        commit = _git(folder, "describe", "--always", "--dirty", "--exclude=*", "--abbrev=10").strip()
    except (OSError, subprocess.SubprocessError):
        return __version__
    return f"{__version__} at {commit}"


def _git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10.0).stdout


def measure_load() -> float:
    """Processes that wanted a core over the last 15 minutes, those of what was measured among them."""
    return round(os.getloadavg()[2], 2)


def find_processor(info: Path = Path("/proc/cpuinfo")) -> str:
    """The processor's name where the system tells it, else its kind."""
    lines = info.read_text().splitlines() if info.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
