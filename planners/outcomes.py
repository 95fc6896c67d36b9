"""What a constrained planner believes of each property: a regression of the outcome, and the bounds it must keep."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr

from lab_agents.records.target import Constraint
from planners.checkpoints import Contents
from planners.doubts import fit_doubting, recall_doubting
from planners.objectives import orientation, training_data
from planners.protocols import Ask, Outcome
from planners.questions import sorted_observations
from planners.regression import Regression, fit, recall_regression
from planners.spaces import Points, as_points, to_unit
from planners.surrogates import Data
from planners.warps import EDGE, STRAIGHT, Bilog, Logit, Warp, recall_warp

Values = NDArray[np.float64]

READABLE = "_readable"
"""The model of whether all properties can be read; no property's name begins so."""

LABEL_DEVIATION = 0.05
"""Of the labels 0 and 1, which are certain; a smaller one makes neighbours of both kinds contradict each other."""

NOISES = 2.0
"""Width of the warp about a single bound in deviations of a measurement: nearer ones cannot be told apart."""


@dataclass(frozen=True)
class OutcomeModel:
    """A regression of warped outcomes, and the bounds on the outcome that the target sets (None where it sets none)."""

    regression: Regression
    warp: Warp = STRAIGHT
    lower: float | None = None
    upper: float | None = None

    def log_chance(self, mean: Values, deviation: Values) -> Values:
        """Log chance of both bounds for standardized normal beliefs; any shapes that broadcast."""
        low, high = self._standardized(self.lower), self._standardized(self.upper)
        return log_between(
            None if low is None else (low - mean) / deviation, None if high is None else (high - mean) / deviation
        )

    def is_met_by(self, standardized: Values) -> NDArray[np.bool_]:
        """Whether standardized warped outcomes keep both bounds."""
        low, high = self._standardized(self.lower), self._standardized(self.upper)
        met = np.ones(standardized.shape, dtype=bool)
        if low is not None:
            met &= standardized >= low
        if high is not None:
            met &= standardized <= high
        return met

    def predict(self, points: Points) -> list[Outcome]:
        """What the outcome of a sample made at each point would be, in its oriented unit; its scatter is counted."""
        posterior, fitted = self.regression.posterior(points), self.regression.fitted
        deviation = np.sqrt(self.regression.variance(posterior) + fitted.scatter)
        low, middle, high = (
            self.warp.back(fitted.center + fitted.spread * (posterior.mean + step * deviation)) for step in (-1, 0, 1)
        )
        return [Outcome(float(m), float(h - b) / 2) for b, m, h in zip(low, middle, high, strict=True)]

    def _standardized(self, bound: float | None) -> float | None:
        if bound is None:
            return None
        return self.regression.standardized(float(self.warp.forth(np.array([bound]))[0]))


def log_between(low: Values | None, high: Values | None) -> Values:
    """Logarithm of P(low < Z < high) of a standard normal Z, exact far out on either side; None leaves a side open."""
    if low is None or high is None:
        if low is None and high is None:
            return np.zeros(())
        return np.asarray(log_ndtr(high) if high is not None else log_ndtr(-np.asarray(low)))
    right = low > 0  # both tails are computed on the left, where small numbers keep their digits
    near, far = log_ndtr(np.where(right, -low, high)), log_ndtr(np.where(right, -high, low))
    return np.asarray(near + np.log(-np.expm1(np.minimum(far - near, -1e-15))))


def learn_outcomes(ask: Ask) -> dict[str, OutcomeModel]:
    """A model for each property of the target that was read, and one of readability where something was missing.

    Raises:
        SurrogateError: If a model cannot be fitted.
    """
    models = {}
    for name, (low, high) in _oriented_bounds(ask).items():
        data = training_data(ask, name)
        if len(data.values):
            models[name] = _learn(data, low, high)
    labels = _labels(ask)
    if len(labels.values) and not labels.values.all():
        models[READABLE] = OutcomeModel(fit(labels), lower=0.5)
    return models


def recall_outcomes(contents: Mapping[str, Contents], ask: Ask) -> dict[str, OutcomeModel]:
    """The trained models of a checkpoint, conditioned on what `ask` holds.

    Raises:
        CheckpointError: If the checkpoint holds other models, or is of another space.
    """
    models = {}
    for name, (low, high) in _oriented_bounds(ask).items():
        data = training_data(ask, name)
        if name in contents and len(data.values):
            warp = recall_warp(contents[name].arrays.get("warp", np.zeros(2)))
            models[name] = OutcomeModel(recall_doubting(contents[name], _warped(data, warp)), warp, low, high)
    if READABLE in contents:
        models[READABLE] = OutcomeModel(recall_regression(contents[READABLE], _labels(ask)), lower=0.5)
    return models


def to_contents(model: OutcomeModel) -> Contents:
    """A model as data; its bounds are the target's."""
    contents = model.regression.to_contents()
    return Contents({**contents.arrays, "warp": model.warp.to_numbers()}, contents.meta)


def held_out(model: OutcomeModel) -> float | None:
    """Mean log density of each outcome, predicted from all others, in the outcome's own unit."""
    density = model.regression.held_out()
    if density is None:
        return None
    slopes = model.warp.slope(model.warp.back(model.regression.data.values))
    return density + float(np.log(slopes).mean())


def _oriented_bounds(ask: Ask) -> dict[str, tuple[float | None, float | None]]:
    constraints = {c.property: c for c in ask.target.constraints}
    bounds = {}
    for name in ask.target.properties:
        c: Constraint | None = constraints.get(name)
        low, high = (c.lower, c.upper) if c is not None else (None, None)
        if orientation(ask.target, name) < 0:
            low, high = None if high is None else -high, None if low is None else -low
        bounds[name] = (low, high)
    return bounds


def _learn(data: Data, low: float | None, high: float | None) -> OutcomeModel:
    """The best of all warps by held-out density; straight where no bound is set."""
    models = [OutcomeModel(fit_doubting(_warped(data, warp)), warp, low, high) for warp in _warps(data, low, high)]
    densities = [-np.inf if (density := held_out(model)) is None else density for model in models]
    return models[int(np.argmax(densities))]


def _warps(data: Data, low: float | None, high: float | None) -> list[Warp]:
    """What may suit an outcome: the bounds in the middle of a bilog, and the logit of what looks like a share."""
    if low is not None and high is not None:
        return [STRAIGHT, Bilog((low + high) / 2, (high - low) / 2)]
    bound = low if low is not None else high
    if bound is None:
        return [STRAIGHT]
    bent = Bilog(bound, NOISES * float(np.median(data.deviations)))
    room = NOISES * data.deviations + EDGE
    is_share = 0.0 < bound < 1.0 and bool(((data.values > -room) & (data.values < 1.0 + room)).all())
    return [STRAIGHT, bent, Logit()] if is_share else [STRAIGHT, bent]


def _warped(data: Data, warp: Warp) -> Data:
    return Data(data.inputs, warp.forth(data.values), data.deviations * warp.slope(data.values))


def _labels(ask: Ask) -> Data:
    """1 where all properties of the target were read, 0 where one could not be; samples half measured are left out."""
    names = set(ask.target.properties)
    known = [o for o in sorted_observations(ask) if names & o.missing or names <= set(o.outcomes)]
    labels = np.array([0.0 if names & o.missing else 1.0 for o in known])
    inputs = to_unit(ask.space, as_points(ask.space, [o.values for o in known]))
    return Data(inputs, labels, np.full(len(known), LABEL_DEVIATION))
