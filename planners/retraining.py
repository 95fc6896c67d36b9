"""Training as a job: observations in, checkpoint out."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from statistics import fmean

from planners.checkpoints import pack_all
from planners.errors import SurrogateError
from planners.objectives import training_data
from planners.protocols import Ask, Checkpoint, Learned
from planners.questions import order
from planners.repeatable import one_thread
from planners.seeds import keyed_seed
from planners.surrogates import Surrogate, train

MOST_JUDGED = 200
"""Samples that a judge learns from: a fit takes about a second then (assumption: nobody looks at its third digit)."""


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


class Judge:
    """Trains the Gaussian process of a planner that has no model of its own, and proposes by none.

    It says how well the data can be predicted, for which some of them will do: no more than `MOST_JUDGED` samples,
    evenly spread over all in the order of their names. A fit to all would cost as the cube of their number, after every
    sample.
    """

    name = "judge"

    def retrain(self, ask: Ask) -> Checkpoint:
        """Train on some of `ask.observations`.

        Raises:
            SurrogateError: If no property was read, or no fit converges.
        """
        return GaussianProcessRetrainer().retrain(replace(ask, observations=spread(ask.observations, MOST_JUDGED)))


def spread(observations: Sequence[Learned], most: int) -> tuple[Learned, ...]:
    """At most so many observations, evenly spread, with the first and the last; in their order."""
    n = len(observations)
    if n <= most:
        return tuple(observations)
    return tuple(observations[round(i * (n - 1) / (most - 1))] for i in range(most))


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
