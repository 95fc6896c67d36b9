"""A replay laboratory with room for a long campaign, written as files."""

import csv
import math
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from instruments.lab import find_laboratory, read_laboratory
from lab_agents.campaign_file import CampaignFile, read_campaign
from lab_agents.chaos.twin import to_file
from lab_agents.records.laboratory import LARGEST_RACK, Laboratory, Rack
from lab_agents.shipped import find_example
from planners.spaces import as_points, spread_points

SPARE = 100.0
"""Times the stock of the shipped laboratory: nobody has to load anything."""
BLENDS = 1.5
"""Times the films of a campaign: as many blends as its table must have at least, some of which lines refuse."""


def write_campaign(
    folder: Path, films: int, seed: int, *, speed: float | None = None, safe: Collection[str] = ()
) -> tuple[Path, Laboratory]:
    """Write a campaign of so many films, in a laboratory that has racks and stock for all of them.

    Args:
        folder: Where `campaign.yaml` and `lab.yaml` are written.
        films: The budget.
        seed: Of the campaign. Candidates fill the space evenly: nothing is fitted, which would cost the most time.
            Where the recorded blends are too few, others are made up, each with the value of the nearest recorded one.
        speed: Laboratory seconds per wall second at most; None jumps.
        safe: Instruments that must be made safe when the permit is lost.

    Returns:
        The campaign file and the laboratory.
    """
    laboratory = read_laboratory(find_laboratory("opv_replay", Path()))
    if laboratory.simulation is None:
        raise ValueError("the shipped replay laboratory is simulated")
    changed = laboratory.model_copy(
        update={
            "racks": tuple(each for rack in laboratory.racks for each in _enough(rack, films + 8)),
            "consumables": tuple(c.model_copy(update={"amount": SPARE * c.amount}) for c in laboratory.consumables),
            "simulation": laboratory.simulation.model_copy(update={"speed": speed}),
            "instruments": {
                name: d.model_copy(update={"lost_permit": "safe" if name in safe else d.lost_permit})
                for name, d in laboratory.instruments.items()
            },
        }
    )
    folder.mkdir(parents=True, exist_ok=True)
    lab, path = folder / "lab.yaml", folder / "campaign.yaml"
    lab.write_bytes(to_file(changed))
    example = read_campaign(find_example("opv_blend.yaml"))
    declared = {**example.declaration.data, "lab": str(lab), "seed": seed, "batch": 8}
    declared |= _enough_blends(example, math.ceil(BLENDS * films), folder / "table.csv")
    declared |= {"budget": {"samples": films}, "planner": {"name": "space_filling", "initial": 1}}
    path.write_text(yaml.safe_dump(declared, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path, changed


def _enough(rack: Rack, places: int) -> list[Rack]:
    """Racks of the same kind with so many places together, or the one there is where it has them."""
    if rack.count >= places:
        return [rack]
    counts = [min(LARGEST_RACK, places - taken) for taken in range(0, places, LARGEST_RACK)]
    return [
        rack.model_copy(update={"prefix": rack.prefix if n == 1 else f"{rack.prefix}_{n}", "count": count})
        for n, count in enumerate(counts, start=1)
    ]


def _enough_blends(example: CampaignFile, n: int, path: Path) -> dict[str, Any]:
    """What the campaign declares of its table, which has at least `n` blends; written to `path` where it is made up."""
    declared: Any = example.declaration.data
    data, table = example.data, declared["table"]
    if data is None or len(data.materials) >= n:
        return {"table": table}
    space = example.plan.space
    recorded = as_points(space, (m.inputs for m in data.materials))
    blends = spread_points(space, n, seed=0)
    nearest = [int(np.linalg.norm(recorded - blend, axis=1).argmin()) for blend in blends]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*table["inputs"], table["output"]])
        writer.writerows([*map(float, blend), data.materials[i].mean] for blend, i in zip(blends, nearest, strict=True))
    kept = {name: table[name] for name in ("inputs", "output", "simplex")}
    return {"table": {**kept, "path": str(path), "header": True}}
