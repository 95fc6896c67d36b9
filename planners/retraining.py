"""Training as a job: observations in, checkpoint out."""

import hashlib
import json
from collections.abc import Iterable
from statistics import fmean

from planners.checkpoints import pack_all
from planners.errors import SurrogateError
from planners.objectives import training_data
from planners.protocols import Ask, Checkpoint, Learned
from planners.questions import order
from planners.repeatable import one_thread
from planners.seeds import keyed_seed
from planners.surrogates import Surrogate, train


def fingerprint(observations: Iterable[Learned]) -> str:
    """sha256 of what was learned, sorted by sample: equal for equal data, in whatever order they came."""
    rows = [
        [o.sample, o.values, {name: [x.value, x.deviation] for name, x in o.outcomes.items()}, sorted(o.missing)]
        for o in sorted(observations, key=order)
    ]
    return hashlib.sha256(json.dumps(rows, allow_nan=False, sort_keys=True).encode()).hexdigest()


def train_surrogate(ask: Ask, name: str) -> Surrogate:
    """The surrogate of the property `name`: the same whether it is trained beforehand or when asked.

    Raises:
        SurrogateError: If the property was never read, or no fit converges.
    """
    return train(training_data(ask, name), keyed_seed(ask.seed, len(ask.observations), "train"))


def train_surrogates(ask: Ask) -> dict[str, Surrogate]:
    """A surrogate for each property of the target that was read at least once.

    Raises:
        SurrogateError: If no fit converges.
    """
    read = [name for name in ask.target.properties if any(name in o.outcomes for o in ask.observations)]
    return {name: train_surrogate(ask, name) for name in read}


class GaussianProcessRetrainer:
    """Trains a Gaussian process for each property that the target names."""

    name = "gaussian_process"

    def retrain(self, ask: Ask) -> Checkpoint:
        """Train on `ask.observations`.

        Raises:
            SurrogateError: If no property was read, or no fit converges.
        """
        one_thread()
        surrogates = train_surrogates(ask)
        if not surrogates:
            raise SurrogateError(
                f"None of {', '.join(ask.target.properties)} was read in {len(ask.observations)} samples; there is "
                "nothing to learn. Propose space-filling candidates first."
            )
        densities = [x for x in (s.held_out() for s in surrogates.values()) if x is not None]
        data = pack_all({name: surrogate.to_contents() for name, surrogate in surrogates.items()})
        return Checkpoint(data, fmean(densities) if densities else None)
