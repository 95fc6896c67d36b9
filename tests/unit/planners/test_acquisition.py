"""Acquisition functions."""

import math

import pytest
import torch
from botorch.acquisition.analytic import LogExpectedImprovement
from botorch.models import SingleTaskGP
from botorch.settings import validate_input_scaling
from hypothesis import given
from hypothesis import strategies as st

from planners.acquisition import log_expected_gain, log_expected_improvement, log_h

NUMBER = st.floats(-50, 50)


@given(NUMBER, st.floats(1e-3, 50), NUMBER)
def test_expected_improvement_is_finite_and_above_the_plain_gain(mean: float, std: float, best: float) -> None:
    """EI is at least max(mean - best, 0) and at most that plus the deviation."""
    moments = torch.tensor([[mean], [std]], dtype=torch.float64)
    ei = math.exp(float(log_expected_improvement(moments[0], moments[1], best)))
    gain = max(mean - best, 0.0)
    assert gain * (1 - 1e-9) - 1e-9 <= ei <= (gain + std) * (1 + 1e-9)


def test_logarithms_agree_with_the_plain_formula_where_it_holds() -> None:
    """Between -4 and 10 the textbook formula has its digits."""
    z = torch.linspace(-4, 10, 1001, dtype=torch.float64)
    phi = torch.exp(-z.square() / 2) / math.sqrt(2 * math.pi)
    assert torch.exp(log_h(z)) == pytest.approx(phi + z * torch.special.ndtr(z), rel=1e-9)


def test_the_branches_of_log_h_meet() -> None:
    """Around each change of formula the function goes on smoothly, down to where EI is 1e-500000."""
    for edge in (-1.0, -100.0):
        z = torch.tensor([edge - 1e-7, edge + 1e-7], dtype=torch.float64)
        left, right = log_h(z)
        slope = torch.exp(torch.special.log_ndtr(z[0]) - left)  # the derivative of log(phi + z Phi)
        assert float(right - left) == pytest.approx(2e-7 * float(slope), rel=1e-4)
    assert torch.isfinite(log_h(torch.tensor([-1e5, -1e3, 0.0, 1e3], dtype=torch.float64))).all()


def _joint(n: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(5)
    root = torch.randn(n, n, generator=generator, dtype=torch.float64)
    mean = torch.randn(n, generator=generator, dtype=torch.float64)
    return mean, root @ root.T / n + 0.05 * torch.eye(n, dtype=torch.float64)


def test_without_pending_points_the_gain_is_expected_improvement() -> None:
    """The same number as BoTorch's own."""
    inputs = torch.rand(6, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    with validate_input_scaling(False):
        model = SingleTaskGP(inputs, inputs.sum(1, keepdim=True).sin(), outcome_transform=None).eval()
    points = torch.rand(9, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        posterior = model.posterior(points).distribution
        theirs = LogExpectedImprovement(model, 0.3)(points.unsqueeze(1))
    none = torch.arange(0)
    draws = torch.zeros(4, 0, dtype=torch.float64)
    ours = log_expected_gain(posterior.mean, posterior.covariance_matrix, none, best=0.3, noise=0.01, draws=draws)
    assert ours == pytest.approx(theirs, abs=1e-6)


def test_the_gain_beside_pending_points_agrees_with_brute_force() -> None:
    """Against drawing everything jointly: pending outcomes with noise, then the gain over the raised best."""
    mean, covariance = _joint(4)
    noise, best = 0.1, float(mean[3]) + 0.2
    generator = torch.Generator().manual_seed(8)
    draws = torch.randn(20_000, 1, generator=generator, dtype=torch.float64)
    ours = log_expected_gain(mean, covariance, torch.tensor([3]), best=best, noise=noise, draws=draws)
    truth = (
        mean + torch.randn(400_000, 4, generator=generator, dtype=torch.float64) @ torch.linalg.cholesky(covariance).T
    )
    seen = truth[:, 3] + math.sqrt(noise) * torch.randn(400_000, generator=generator, dtype=torch.float64)
    shrunk = mean[3] + covariance[3, 3] / (covariance[3, 3] + noise) * (seen - mean[3])
    gain = (truth[:, :3] - shrunk.clamp(min=best)[:, None]).clamp(min=0).mean(0)
    assert torch.exp(ours[:3]) == pytest.approx(gain, rel=0.03)


def test_a_pending_twin_takes_the_gain_away() -> None:
    """A candidate that is in the making already promises little for a second time."""
    mean = torch.zeros(2, dtype=torch.float64)
    twins = torch.tensor([[1.0, 0.999], [0.999, 1.0]], dtype=torch.float64)
    draws = torch.randn(64, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    alone = log_expected_gain(mean, twins, torch.arange(0), best=0.0, noise=1e-3, draws=draws)[0]
    beside = log_expected_gain(mean, twins, torch.tensor([1]), best=0.0, noise=1e-3, draws=draws)[0]
    assert beside < alone - 2
