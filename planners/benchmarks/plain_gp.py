"""The yardstick: the Gaussian process and the expected improvement that anybody writes with BoTorch in ten lines.

Written apart from `planners.bayesian` and sharing none of its numerics, so that a mistake there cannot hide here:
BoTorch's defaults (`SingleTaskGP` with standardized outcomes, refitted at every step) and `LogExpectedImprovement` over
the best observation. It serves pools, one candidate at a time, and begins with random ones.
"""

from collections.abc import Sequence

import torch
from botorch.acquisition.analytic import LogExpectedImprovement
from botorch.fit import fit_gpytorch_mll
from botorch.models import SingleTaskGP
from botorch.models.transforms import Standardize
from gpytorch.mlls import ExactMarginalLogLikelihood

from planners.errors import QuestionError
from planners.protocols import Ask, Scored
from planners.questions import choices
from planners.random_choice import RandomPlanner
from planners.spaces import as_points, to_candidate, to_unit


class PlainGaussianProcess:
    """A plain Gaussian process with log expected improvement."""

    name = "plain_gp"

    def propose(self, ask: Ask) -> Sequence[Scored]:
        """The best candidate of the pool, or random ones at the beginning.

        Raises:
            QuestionError: If asked for a batch, or without a pool.
        """
        left = choices(ask)
        if left is None or ask.n != 1:
            raise QuestionError(f"The plain Gaussian process picks one candidate of a pool, not {ask.n}.")
        if len(ask.made) < ask.initial or not len(left):
            return RandomPlanner().propose(ask)
        torch.set_num_threads(1)
        torch.manual_seed(ask.seed)
        inputs = torch.from_numpy(to_unit(ask.space, as_points(ask.space, [o.values for o in ask.observations])))
        values = ask.target.sign * torch.tensor(
            [[o.outcomes[ask.target.property].value] for o in ask.observations], dtype=torch.float64
        )
        model = SingleTaskGP(inputs, values, outcome_transform=Standardize(1))
        fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
        with torch.no_grad():
            gain = LogExpectedImprovement(model, values.max())(torch.from_numpy(to_unit(ask.space, left)).unsqueeze(1))
        return [Scored(to_candidate(ask.space, left[int(gain.argmax())]), float(gain.max()))]
