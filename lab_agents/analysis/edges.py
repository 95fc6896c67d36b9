"""Where a film begins to absorb: an edge fitted to its absorbance, with the uncertainty of all that is not known.

A straight line through (absorbance * energy)^2 reads 5 to 20 meV low, because exciton and tail absorb below the gap.
Here the whole edge is fitted: an Elliott edge, a straight baseline, thickness fringes as a sum of many waves of all
plausible rates, and further edges above it, of which each is improbable to be large. What the data do not fix keeps its
prior, and its doubt goes into the gap's deviation.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lab_agents.analysis.elliott import Curve, Shape, edge_curve

BELOW, ABOVE = 0.30, 0.30
"""Window about the gap in eV: enough below for the baseline, and above not so much that other bands join in."""

BINDING = 0.009
"""Exciton binding energy in eV that is expected where nothing is known of the film."""

CENTRES = (math.log(0.031), math.log(0.021), 3.5)
SPREADS = (0.3, 0.2, 0.25, 1.5)
"""Prior of ln binding (about what is expected of the film), ln width, ln tail (eV) and growth (1/eV), one standard
deviation: widths at room temperature of 25 to 40 meV, tails of 15 to 30 meV; assumption, after published halide
perovskites. A growth of 1 is that of fits near the edge [Saba2014]; 6 makes the coefficient rise fivefold from 0.05 to
0.5 eV above the gap, as measured over a wider range [DeWolf2014] (J. Phys. Chem. Lett. 5, 1035); the prior lies in
between. A gap reads 10 meV low where the growth is held 3 too low, and as much where the binding is held at half."""

Kind = tuple[float, float | None]
KINDS: tuple[Kind, ...] = ((0.0, None), (0.5, None), (1.0, None), (0.3, 0.0), (0.3, -0.02))
"""Kinds of edge, equally probable before the data: share of 1 / cosh in the broadening, which moves the gap by 3 meV,
and where a tail begins with a kink, which moves it by 10 meV."""

RATES = np.arange(4.0, 20.1, 4.0)
"""Rates of thickness fringes in rad/eV, 4 pi n h / hc: optical thickness n h from 400 to 2000 nm. Waves of closer rates
cannot be told apart in a window of 0.6 eV."""

FRINGE = 0.018
"""Prior root mean square of fringes in absorbance: 12 % of the transmission from crest to trough."""

LOWEST_FURTHER, SPACING, FURTHER = -0.1, 0.05, 0.04
"""Further edges: from where on, from the gap, and how close to one another they are looked for (eV), and the prior root
mean square of all together, in absorbance per eV^½. Iodides beside the perovskite begin to absorb near its gap (A2SnI6
at 1.3 to 1.6 eV [Maughan2016], J. Am. Chem. Soc. 138, 8453), as a square root: 2 % of them in a film of 500 nm, at
1e5 / cm, give 0.04 (assumption). Without them their rise is taken for growth, and the gap reads up to 40 meV high."""

LEVEL, SLOPE = (0.08, 0.3), 0.1
"""Prior of the baseline: a surface reflects 10 to 20 %, which says little; and its slope per eV."""

MODEL, JOINT = 0.0015, 0.0015
"""Deviations in eV for what no fit of one kind of edge can know: how the fringes fade, which shows in its misfit, and
how the tail joins the edge, which does not."""

STRAINED, EASIEST, HARDEST = 2.3, 0.4, 3.0
"""Prior deviations that a shape lies off its centre, all parameters together, where the interval is as wide as the fit
says. It goes as the square of the strain, within bounds: what no kind of edge describes pulls the shape off its centre
and the gap with it. In 330 spectra of the simulated laboratory the gap's error rose so from 2.5 to 9 meV, where the
fit alone stated 6 to 7 meV throughout; the intervals cover 91 % of 282 further films of its campaigns, and 89 % of 90
films of other formulas (measured)."""

MISFIT, STEEP = 1.1, 10.0
"""Mean square residual that noise alone may reach, and how the doubt's variance grows beyond: an edge of another kind,
such as one with a kink, is 10 to 20 meV off where the misfit is 1.5."""

LOWEST = np.array([-0.2, math.log(0.001), math.log(0.005), math.log(0.004), -1.0])
HIGHEST = np.array([0.2, math.log(0.060), math.log(0.120), math.log(0.080), 8.0])
"""Bounds of the search: gap from its start, and the shape's parameters as in `CENTRES`; far outside the prior, so that
they only keep the curve finite."""

KINK_PLACES = np.linspace(-0.01, 0.03, 9)
"""Where a kinked edge is looked for, in eV from where one was found: a smooth edge that stands for it lies up to 20 meV
too low."""

SETTLED = 1e-4
"""Step of the gap in eV below which a search ends: a thirtieth of the least deviation."""

_ROUNDS = 25
_N = 1 + len(SPREADS)

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Edge:
    """A fitted edge.

    Attributes:
        gap: In eV.
        deviation: One standard deviation of the gap in eV, with the doubt about the model.
        shape: Of the most probable kind of edge.
        amplitude: Absorbance per eV^½ of the shape's curve.
        significance: Amplitude over its standard deviation.
        level: Baseline at the gap.
        slope: Of the baseline per eV.
        misfit: Mean square of the residuals in units of the noise; 1 where the model is true.
    """

    gap: float
    deviation: float
    shape: Shape
    amplitude: float
    significance: float
    level: float
    slope: float
    misfit: float

    def film(self, energy: Array) -> Array:
        """The film's absorbance at `energy` (eV) without baseline and fringes, shape (n,)."""
        return self.amplitude * edge_curve(self.shape).at(energy - self.gap)


@dataclass(frozen=True)
class _State:
    """A point of the search; `theta` are gap and shape parameters, `linear` amplitude, baseline and waves."""

    theta: Array
    curve: Curve
    film: Array
    columns: Array
    linear: NDArray[np.floating]
    residual: Array
    cost: float


class _Search:
    """Least squares with priors for one kind of edge, by Levenberg and Marquardt over gap and shape."""

    def __init__(
        self, energy: Array, absorbance: Array, noise: Array, start: float, kind: Kind, binding: float
    ) -> None:
        self._energy, self._data, self._noise = energy, absorbance / noise, noise
        self._kind = kind
        above = energy - start
        self._straight = np.stack([np.ones_like(above), above])
        self._waves = np.concatenate([np.cos(np.outer(RATES, above)), np.sin(np.outer(RATES, above))])
        places = np.arange(start + LOWEST_FURTHER, start + ABOVE, SPACING)
        self._further = np.sqrt(np.maximum(energy - places[:, None], 0))
        n_waves = 2 * len(self._waves)  # half of the fringes fades as the film absorbs, half does not
        self._centres = np.array([math.log(binding), *CENTRES])
        self._mean_theta, self._mean_linear = np.array([start, *self._centres]), np.zeros(3 + n_waves + len(places))
        self._mean_linear[1] = LEVEL[0]
        origin = np.array([start, *[0.0] * len(SPREADS)])
        self._bounds = origin + LOWEST, origin + HIGHEST
        wave = FRINGE / math.sqrt(2 * len(RATES))
        self._precision_theta = np.array([0.0, *(1 / s**2 for s in SPREADS)])
        further = [len(places) / FURTHER**2] * len(places)
        self._precision_linear = np.array([0.0, LEVEL[1] ** -2, SLOPE**-2, *[wave**-2] * n_waves, *further])

    def expect_further(self, state: _State) -> None:
        """Expect the further edges as high as they stand in `state`: most films have none, and few a high one."""
        n = len(self._further)
        high = np.maximum(state.linear[-n:], 0.0)
        self._precision_linear[-n:] = 1 / (FURTHER**2 / n + high**2)

    def shape(self, theta: Array) -> Shape:
        return Shape(math.exp(theta[1]), math.exp(theta[2]), math.exp(theta[3]), float(theta[4]), *self._kind)

    def solve(self, theta: Array, absorbed: Array) -> _State:
        """The best linear coefficients at `theta`; fringes fade with what is `absorbed` there."""
        curve = edge_curve(self.shape(theta))
        film = curve.at(self._energy - theta[0])
        fading = 10 ** -np.clip(absorbed, 0, 3)
        parts = [film[None, :], self._straight, self._waves, self._waves * fading, self._further]
        columns = (np.concatenate(parts) / self._noise).T
        normal = columns.T @ columns + np.diag(self._precision_linear)
        normal[0, 0] += 1e-9  # an edge outside the data has no column
        linear = np.linalg.solve(normal, columns.T @ self._data + self._precision_linear * self._mean_linear)
        residual = self._data - columns @ linear
        cost = residual @ residual + self._precision_linear @ (linear - self._mean_linear) ** 2
        cost += self._precision_theta @ (theta - self._mean_theta) ** 2
        return _State(theta, curve, film, columns, linear, residual, float(cost))

    def hessian(self, state: _State) -> tuple[Array, Array]:
        """Normal matrix and gradient over theta and the linear coefficients."""
        above = self._energy - state.theta[0]
        slopes = [-state.linear[0] * state.curve.slope_at(above)]
        for k in range(1, _N):
            moved = state.theta.copy()
            moved[k] += 0.02
            slopes.append(state.linear[0] * (edge_curve(self.shape(moved)).at(above) - state.film) / 0.02)
        full = np.hstack([(np.array(slopes) / self._noise).T, state.columns])
        precision = np.concatenate([self._precision_theta, self._precision_linear])
        pull = np.concatenate([self._mean_theta - state.theta, self._mean_linear - state.linear])
        matrix = full.T @ full + np.diag(precision)
        matrix[_N, _N] += 1e-9
        matrix[0, 0] += 1e-9
        return matrix, full.T @ state.residual + precision * pull

    def find(self, theta: Array | None) -> _State:
        """The most probable state, searched from `theta` or else from what is expected.

        A kink that is fitted beside the one in the data is a minimum of its own: it is looked for from several gaps.
        """
        state = self.run(self._mean_theta if theta is None else theta)
        if self._kind[1] is None:
            return state
        absorbed = np.maximum(state.linear[0] * state.film, 0)
        tried = []
        for move in KINK_PLACES:
            moved = np.array([state.theta[0] + move, *self._centres])
            tried.append(self.solve(np.clip(moved, *self._bounds), absorbed))
        other = self.run(min(tried, key=lambda one: one.cost).theta)
        return min(state, other, key=lambda one: one.cost)

    def strain(self, state: _State) -> float:
        """By how many prior deviations the shape lies off its centre, all parameters together."""
        return float(np.linalg.norm((state.theta[1:] - self._centres) / np.array(SPREADS)))

    def run(self, theta: Array) -> _State:
        """The most probable state near `theta`."""
        absorbed = np.zeros_like(self._energy)
        state = self.solve(theta, absorbed)
        damping = 1e-2
        for _ in range(_ROUNDS):
            absorbed = np.maximum(state.linear[0] * state.film, 0)
            state = self.solve(state.theta, absorbed)
            matrix, gradient = self.hessian(state)
            while damping < 1e6:
                step = np.linalg.solve(matrix + damping * np.diag(np.diag(matrix)), gradient)[:_N]
                step = np.clip(step, -np.array([0.04, *[0.5] * (_N - 1)]), np.array([0.04, *[0.5] * (_N - 1)]))
                tried = self.solve(np.clip(state.theta + step, *self._bounds), absorbed)
                if tried.cost <= state.cost:
                    break
                damping *= 5
            else:
                return state
            gain, state, damping = state.cost - tried.cost, tried, max(damping / 10, 1e-6)
            if abs(step[0]) < SETTLED and gain < 1e-2:
                break
        return state


def fit_edge(
    energy: Array,
    absorbance: Array,
    noise: Array,
    start: float,
    kinds: tuple[Kind, ...] = KINDS,
    binding: float = BINDING,
) -> Edge:
    """Fit an edge near `start`.

    Each kind of edge is fitted by itself; the gap is their mean, weighted by how probable each makes the data, and its
    deviation holds the spread between them, the misfit and the model's own doubt.

    Args:
        energy: Photon energies in eV, rising, shape (n,); the window about `start` must hold 30 of them.
        absorbance: At these energies, shape (n,).
        noise: Its standard deviation, shape (n,), > 0.
        start: Energy in eV within some 50 meV of the gap.
        kinds: Kinds of edge to fit, as in `KINDS`; one is enough to look where the edge is.
        binding: Exciton binding energy in eV that is expected of the film.
    """
    use = (energy > start - BELOW) & (energy < start + ABOVE)
    searches = [_Search(energy[use], absorbance[use], noise[use], start, kind, binding) for kind in kinds]
    first = searches[0].find(None)
    for search in searches:
        search.expect_further(first)
    states: list[_State] = []
    for search in searches:  # kinds differ by some meV: each begins where the one before it ended
        states.append(search.find(states[-1].theta if states else first.theta))
    matrices = [search.hessian(state)[0] for search, state in zip(searches, states, strict=True)]
    chances = np.array(
        [-(s.cost + np.linalg.slogdet(m)[1]) / 2 for s, m in zip(states, matrices, strict=True)]
    )  # Laplace's approximation of the probability of the data
    weights = np.exp(chances - chances.max())
    weights /= weights.sum()
    covariances = [np.linalg.inv(matrix) for matrix in matrices]
    misfits = np.array([s.residual @ s.residual / len(s.residual) for s in states])
    gaps = np.array([s.theta[0] for s in states])
    gap = float(weights @ gaps)
    variances = np.array([c[0, 0] for c in covariances]) * np.maximum(misfits, 1)
    best = int(np.argmax(weights))
    state, strain = states[best], searches[best].strain(states[best])
    doubt = MODEL * math.sqrt(1 + STEEP * max(misfits[best] - MISFIT, 0.0))
    fitted = float(weights @ (variances + (gaps - gap) ** 2)) ** 0.5
    strained = fitted * min(max((strain / STRAINED) ** 2, EASIEST), HARDEST)
    return Edge(
        gap=gap,
        deviation=math.hypot(strained, doubt, JOINT),
        shape=searches[best].shape(state.theta),
        amplitude=float(state.linear[0]),
        significance=float(state.linear[0] / math.sqrt(covariances[best][_N, _N] * max(misfits[best], 1))),
        level=float(state.linear[1] + state.linear[2] * (gap - start)),
        slope=float(state.linear[2]),
        misfit=float(misfits[best]),
    )
