"""A replay laboratory with room for a long campaign, written as files."""

from collections.abc import Collection
from pathlib import Path

import yaml

from instruments.lab import find_laboratory, read_laboratory
from lab_agents.chaos.twin import to_file
from lab_agents.declarations import read_declaration
from lab_agents.records.laboratory import LARGEST_RACK, Laboratory, Rack
from lab_agents.shipped import find_example

SPARE = 100.0
"""Times the stock of the shipped laboratory: nobody has to load anything."""


def write_campaign(
    folder: Path, films: int, seed: int, *, speed: float | None = None, safe: Collection[str] = ()
) -> tuple[Path, Laboratory]:
    """Write a campaign of so many films, in a laboratory that has racks and stock for all of them.

    Args:
        folder: Where `campaign.yaml` and `lab.yaml` are written.
        films: The budget.
        seed: Of the campaign. Candidates fill the space evenly: nothing is fitted, which would cost the most time.
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
    declared = {**read_declaration(find_example("opv_blend.yaml")).data, "lab": str(lab), "seed": seed, "batch": 8}
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
