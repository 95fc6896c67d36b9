"""A check that is run by hand: how well tau < 4.18 tells perovskites from others among measured compounds.

The 576 labelled compounds (Bartel, Sci. Adv. 5, eaav0693 (2019); github.com/CJBartel/perovskite-stability, MIT) are not
part of this repository, so no test of the suite runs on them. Give the path of their `TableS1.csv`:

    python -m tests.tolerance_labels PATH/TO/TableS1.csv

It ends with 1 if the share told right is not between 91 and 92 %.
"""

import csv
import sys
from pathlib import Path

import numpy as np

from simulators.world.tolerance import factors_of_radii

COLUMNS = ("rA (Ang)", "rB (Ang)", "rX (Ang)", "nA")


def told_right(path: Path) -> float:
    """The share of the compounds in the table at `path` whose label tau tells."""
    with path.open() as file:
        rows = list(csv.DictReader(file))
    a, b, x, charge = (np.array([float(row[column]) for row in rows]) for column in COLUMNS)
    is_perovskite = np.array([float(row["exp_label"]) > 0 for row in rows])
    return float(np.mean((factors_of_radii(a, b, x, charge).tau < 4.18) == is_perovskite))


if __name__ == "__main__":
    share = told_right(Path(sys.argv[1]))
    sys.stdout.write(f"tau < 4.18 tells {share:.1%} of the compounds right\n")
    sys.exit(0 if 0.91 <= share <= 0.92 else 1)
