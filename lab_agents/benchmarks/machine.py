"""Where something was measured: without it, seconds and bytes say nothing."""

import os
import platform
from pathlib import Path


def name_machine() -> str:
    """Processor, number of cores, system."""
    return f"{find_processor()}, {os.cpu_count()} cores, {platform.system()}"


def measure_load() -> float:
    """Processes that wanted a core over the last 15 minutes, those of what was measured among them."""
    return round(os.getloadavg()[2], 2)


def find_processor(info: Path = Path("/proc/cpuinfo")) -> str:
    """The processor's name where the system tells it, else its kind."""
    lines = info.read_text().splitlines() if info.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
