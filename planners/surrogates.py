"""The surrogate: a Gaussian process over unit coordinates, trained by BoTorch, kept as plain arrays.

[Hvarfner2024] Hvarfner, Hellsten, Nardi, ICML 2024, arXiv:2402.02229.
[Rasmussen2006] Rasmussen, Williams, Gaussian Processes for Machine Learning, MIT Press (2006).
"""

import math
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from botorch.cross_validation import efficient_loo_cv
from botorch.exceptions.errors import ModelFittingError
from botorch.fit import fit_gpytorch_mll
from botorch.models import SingleTaskGP
from botorch.posteriors.gpytorch import GPyTorchPosterior
from botorch.settings import validate_input_scaling
from gpytorch.constraints import GreaterThan
from gpytorch.kernels import MaternKernel
from gpytorch.likelihoods import FixedNoiseGaussianLikelihood
from gpytorch.mlls import ExactMarginalLogLikelihood
from gpytorch.priors import LogNormalPrior
from gpytorch.settings import max_cholesky_size
from linear_operator.utils.errors import NanError, NotPSDError
from numpy.typing import NDArray
from torch import Tensor

from planners.checkpoints import Contents
from planners.errors import CheckpointError, SurrogateError
from planners.spaces import Points

KIND = "gp_matern52_ard"
SMALLEST_NOISE = 1e-4
"""Variance relative to that of the values. With less, close neighbours make the covariance singular."""

SHORTEST = 2.5e-2
"""Shortest length scale in unit coordinates: below it the likelihood of few points can grow without bound."""

EXACT_UP_TO = 20_000
"""Observations up to which matrices are factorized exactly. GPyTorch estimates above 800 with random probes of its own,
which no seed of ours reaches."""

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Data:
    """What a surrogate learns from: inputs in unit coordinates, objective (larger is better), known deviations.

    Shapes (n, d), (n,), (n,).
    """

    inputs: Points
    values: Values
    deviations: Values


class Surrogate:
    """A Gaussian process with its training data.

    Matérn-5/2 kernel with one length scale a parameter, under log-normal priors that grow with the number of
    parameters [Hvarfner2024]; noise is the known variance of each observation plus one learned for all, because
    samples scatter by more than their measurement says.
    """

    def __init__(self, data: Data, center: float, scale: float) -> None:
        self.data, self.center, self.scale = data, center, scale
        # What was made may lie a little outside the unit cube, and a recalled model keeps its old standardization.
        with validate_input_scaling(False):
            self.model = _model(data, center, scale)

    @property
    def noise(self) -> float:
        """Typical variance of an observation about its mean, in standardized units."""
        return float(self.model.likelihood.noise.detach().mean())

    def posterior(self, points: Points) -> tuple[Tensor, Tensor]:
        """Joint mean, shape (n,), and covariance, shape (n, n), of the objective without noise, standardized."""
        with torch.no_grad(), max_cholesky_size(EXACT_UP_TO):
            self.model.eval()
            normal = cast(GPyTorchPosterior, self.model.posterior(torch.from_numpy(points))).distribution
            return normal.mean, normal.covariance_matrix

    def predict(self, points: Points) -> tuple[Values, Values]:
        """Mean and standard deviation of the objective without noise, each of shape (n,), in its own unit."""
        mean, covariance = self.posterior(points)
        deviation = covariance.diagonal().clamp(min=0).sqrt()
        return self.center + self.scale * mean.numpy(), self.scale * deviation.numpy()

    def held_out(self) -> float | None:
        """Mean log density of each observation, predicted from all others, in the objective's unit.

        Leave-one-out in closed form [Rasmussen2006, 5.4.2]: kernel parameters are kept, so it is slightly hopeful with
        few observations. None with fewer than three.
        """
        n = len(self.data.values)
        if n < 3:
            return None
        with torch.no_grad(), max_cholesky_size(EXACT_UP_TO):
            folds = efficient_loo_cv(self.model)
            left_out = cast(GPyTorchPosterior, folds.posterior)
            mean, variance = left_out.mean.reshape(n), left_out.variance.reshape(n)
            z2 = (folds.observed_Y.reshape(n) - mean).pow(2) / variance
            density = -0.5 * (z2 + torch.log(2 * math.pi * variance)) - math.log(self.scale)
        return float(density.mean())

    def to_contents(self) -> Contents:
        """Trained parameters as named arrays, with the standardization they belong to."""
        arrays = {name: p.detach().numpy().copy() for name, p in self.model.named_parameters()}
        arrays["standardization"] = np.array([self.center, self.scale])
        return Contents(arrays, {"kind": KIND, "n": len(self.data.values)})


def train(data: Data, seed: int) -> Surrogate:
    """Train on `data` by maximizing the posterior density of the kernel's parameters.

    Args:
        data: At least one observation.
        seed: For the new starts that BoTorch draws where a first fit fails.

    Raises:
        SurrogateError: If no fit converges; says on how many observations.
    """
    if not len(data.values):
        raise SurrogateError("A surrogate needs at least one observation; propose space-filling candidates first.")
    spread = float(data.values.std(ddof=1)) if len(data.values) > 1 else 0.0
    # Equal values have no scale of their own; one keeps the standardization finite and the model flat.
    surrogate = Surrogate(data, float(data.values.mean()), spread if spread > 0 else 1.0)
    with torch.random.fork_rng(devices=[]), max_cholesky_size(EXACT_UP_TO):
        torch.manual_seed(seed)
        try:
            fit_gpytorch_mll(ExactMarginalLogLikelihood(surrogate.model.likelihood, surrogate.model))
        except (ModelFittingError, NotPSDError, NanError) as error:
            raise SurrogateError(
                f"The Gaussian process could not be fitted to {len(data.values)} observations: {error}. "
                "Look for an observation far from all others, or use the space_filling planner."
            ) from error
    return surrogate


def recall(contents: Contents, data: Data) -> Surrogate:
    """The trained model of a checkpoint, conditioned on `data` (which may hold more than it was trained on).

    Raises:
        CheckpointError: If the checkpoint is of another kind of model or another space.
    """
    if contents.meta.get("kind") != KIND:
        raise CheckpointError(f"The checkpoint holds a {contents.meta.get('kind')}, not a {KIND}. Train again.")
    standardization = contents.arrays.get("standardization")
    if standardization is None or standardization.shape != (2,):
        raise CheckpointError("The checkpoint does not say how its values were standardized. Train again.")
    surrogate = Surrogate(data, float(standardization[0]), float(standardization[1]))
    for name, parameter in surrogate.model.named_parameters():
        array = contents.arrays.get(name)
        if array is None or array.shape != tuple(parameter.shape):
            raise CheckpointError(
                f"The checkpoint's {name} does not fit {data.inputs.shape[1]} parameters. Train again."
            )
        parameter.data.copy_(torch.from_numpy(array))
    return surrogate


def _model(data: Data, center: float, scale: float) -> SingleTaskGP:
    d = data.inputs.shape[1]
    lengthscale_prior = LogNormalPrior(math.sqrt(2) + math.log(d) / 2, math.sqrt(3))
    kernel = MaternKernel(
        nu=2.5,
        ard_num_dims=d,
        lengthscale_prior=lengthscale_prior,
        lengthscale_constraint=GreaterThan(SHORTEST, transform=None, initial_value=lengthscale_prior.mode),
    )
    noise_prior = LogNormalPrior(-4.0, 1.0)
    likelihood = FixedNoiseGaussianLikelihood(
        noise=torch.from_numpy((data.deviations / scale) ** 2).clamp(min=SMALLEST_NOISE),
        learn_additional_noise=True,
        noise_prior=noise_prior,
        noise_constraint=GreaterThan(SMALLEST_NOISE, transform=None, initial_value=noise_prior.mode),
    )
    values = torch.from_numpy((data.values - center) / scale).unsqueeze(-1)
    inputs = torch.from_numpy(data.inputs)
    return SingleTaskGP(inputs, values, likelihood=likelihood, covar_module=kernel, outcome_transform=None).double()
