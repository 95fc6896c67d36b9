"""Scores of candidates: expected improvement in logarithms, also where other candidates are still pending.

[Jones1998] Jones, Schonlau, Welch, J. Global Optim. 13, 455 (1998).
[Ament2023] Ament, Daulton, Eriksson, Balandat, Bakshy, NeurIPS 2023, arXiv:2310.20708.
[Snoek2012] Snoek, Larochelle, Adams, NeurIPS 2012, arXiv:1206.2944.
"""

import math

import torch
from botorch.utils.probability.utils import log_phi
from torch import Tensor

NEAR, FAR = -1.0, -100.0
"""Left of `NEAR` phi(z) + z Phi(z) loses digits to cancellation; left of `FAR` so does 1 - |z| R, whose series is exact
to doubles there."""


def log_h(z: Tensor) -> Tensor:
    """log(phi(z) + z Phi(z)), finite for every finite z [Ament2023, eq. 9].

    On the left it is log phi(z) + log(1 - |z| R(|z|)) with the Mills ratio R(x) = sqrt(pi/2) erfcx(x / sqrt 2), and
    far out 1 - |z| R = z^-2 - 3 z^-4 + 15 z^-6.
    """
    near = z.clamp(min=NEAR)
    direct = torch.log(torch.exp(log_phi(near)) + near * torch.special.ndtr(near))
    left = -z.clamp(min=FAR, max=NEAR)
    ratio = torch.log1p(-left * math.sqrt(math.pi / 2) * torch.special.erfcx(left / math.sqrt(2)))
    inverse = z.clamp(max=FAR).pow(-2)
    series = torch.log(inverse * (1 - inverse * (3 - 15 * inverse)))
    return torch.where(z > NEAR, direct, log_phi(z) + torch.where(z > FAR, ratio, series))


def log_expected_improvement(mean: Tensor, std: Tensor, best: Tensor | float) -> Tensor:
    """Logarithm of the expected gain over the best so far [Jones1998], computed as in [Ament2023].

    EI = std * (z * Phi(z) + phi(z)),  z = (mean - best) / std; larger is better.

    Args:
        mean: Posterior mean, shape (..., n).
        std: Posterior standard deviation, same shape and unit, all > 0.
        best: Value to improve on, same unit, broadcast against `mean`.

    Returns:
        Shape (..., n), natural logarithm of EI in the unit of `mean`; never NaN, never -inf.
    """
    return torch.log(std) + log_h((mean - best) / std)


def log_expected_gain(
    mean: Tensor, covariance: Tensor, pending: Tensor, *, best: float, noise: float, draws: Tensor
) -> Tensor:
    """Log expected improvement averaged over what the pending candidates may turn out to be [Snoek2012, 3.2].

    The pending outcomes are drawn from their joint posterior; for each draw the posterior of all points is conditioned
    exactly, the best so far is raised to the best drawn value, and expected improvement is closed-form. Without
    pending candidates this is log expected improvement itself.

    Args:
        mean: Joint posterior mean of all points, shape (n,); larger is better.
        covariance: Joint posterior covariance, shape (n, n).
        pending: Indices of the pending points, shape (m,), long.
        best: Value to improve on, in the unit of `mean`.
        noise: Variance of an observation about its mean, > 0.
        draws: Standard normal numbers, shape (s, at least m): the same ones for each call of one question.

    Returns:
        Shape (n,), natural logarithm; entries of pending points are not meaningful.
    """
    variance = covariance.diagonal().clamp(min=1e-12)
    m = len(pending)
    if m == 0:
        return log_expected_improvement(mean, variance.sqrt(), best)
    cross = covariance[:, pending]
    joint = covariance[pending][:, pending] + noise * torch.eye(m, dtype=mean.dtype)
    factor = torch.linalg.cholesky(joint)
    whitened = torch.linalg.solve_triangular(factor, cross.T, upper=False)
    left = (variance - whitened.pow(2).sum(0)).clamp(min=1e-12)
    means = mean + draws[:, :m] @ whitened
    raised = means[:, pending].amax(dim=1, keepdim=True).clamp(min=best)
    gains = log_expected_improvement(means, left.sqrt(), raised)
    return torch.logsumexp(gains, dim=0) - math.log(len(draws))
