"""Training as a job: observations in, checkpoint out."""

import hashlib
import json
from collections.abc import Iterable

from planners.checkpoints import pack
from planners.objectives import training_data
from planners.protocols import Ask, Checkpoint, Learned
from planners.repeatable import one_thread
from planners.seeds import keyed_seed
from planners.surrogates import Surrogate, train


def fingerprint(observations: Iterable[Learned]) -> str:
    """sha256 of the observations sorted by sample: equal for equal data, in whatever order they came."""
    rows = sorted([o.sample, list(o.values), o.value, o.deviation] for o in observations)
    return hashlib.sha256(json.dumps(rows, allow_nan=False).encode()).hexdigest()


def train_surrogate(ask: Ask) -> Surrogate:
    """The surrogate of `ask.observations`: the same whether it is trained beforehand or when asked.

    Raises:
        SurrogateError: If there are no observations, or no fit converges.
    """
    return train(training_data(ask), keyed_seed(ask.seed, len(ask.observations), "train"))


class GaussianProcessRetrainer:
    """Trains the Gaussian process that the Bayesian planner asks with."""

    name = "gaussian_process"

    def retrain(self, ask: Ask) -> Checkpoint:
        """Train on `ask.observations`.

        Raises:
            SurrogateError: If there are none, or no fit converges.
        """
        one_thread()
        surrogate = train_surrogate(ask)
        return Checkpoint(pack(surrogate.to_contents()), surrogate.held_out())
