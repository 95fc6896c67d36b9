"""The shape of diffraction lines: what the instrument, the size and the strain of grains make of a reflection."""

from dataclasses import dataclass

import numpy as np

from simulators.signals.atoms import Floats


@dataclass(frozen=True)
class Resolution:
    """The instrument's Gaussian width: FWHM² = u tan² θ + v tan θ + w, in degrees².

    The law is that of Caglioti, Nucl. Instrum. 3, 223 (1958). The numbers are an assumption: 0.07° at 14°,
    as laboratory diffractometers with a strip detector have.
    """

    u: float = 0.010
    v: float = -0.005
    w: float = 0.006

    def width(self, theta: Floats) -> Floats:
        """FWHM in degrees of 2θ at `theta` in radians."""
        tangent = np.tan(theta)
        return np.asarray(np.sqrt(self.u * tangent**2 + self.v * tangent + self.w))


def size_width(theta: Floats, wavelength: float, length: float) -> Floats:
    """FWHM in degrees of 2θ by the size of coherent domains: 0.9 λ / (L cos θ) (Scherrer 1918).

    Args:
        theta: In radians.
        wavelength: In Å.
        length: L in nm.
    """
    return np.asarray(np.degrees(0.9 * wavelength / (10.0 * length * np.cos(theta))))


def strain_width(theta: Floats, strain: float) -> Floats:
    """FWHM in degrees of 2θ by microstrain: 4 ε tan θ (Stokes and Wilson, Proc. Phys. Soc. 56, 174, 1944)."""
    return np.asarray(np.degrees(4.0 * strain * np.tan(theta)))


def mixed_width(gaussian: Floats, lorentzian: Floats) -> tuple[Floats, Floats]:
    """FWHM and Lorentzian share of the pseudo-Voigt that stands for a Gaussian folded with a Lorentzian.

    Thompson, Cox and Hastings, J. Appl. Cryst. 20, 79 (1987).
    """
    g, q = gaussian, lorentzian
    fifth = g**5 + 2.69269 * g**4 * q + 2.42843 * g**3 * q**2 + 4.47163 * g**2 * q**3 + 0.07842 * g * q**4 + q**5
    width = fifth**0.2
    ratio = q / width
    return width, 1.36603 * ratio - 0.47719 * ratio**2 + 0.11116 * ratio**3


def pseudo_voigt(distance: Floats, width: Floats, lorentzian: Floats) -> Floats:
    """A line of unit area: `lorentzian` of a Lorentzian and the rest of a Gaussian of the same FWHM `width`."""
    reduced = (2.0 * distance / width) ** 2
    bell = np.exp(-np.log(2.0) * reduced) * np.sqrt(np.log(2.0) / np.pi)
    witch = 1.0 / (np.pi * (1.0 + reduced))
    return np.asarray(2.0 / width * (lorentzian * witch + (1.0 - lorentzian) * bell))


_STRONG, _INVISIBLE = 30.0, 0.01
"""Heights in counts per second: above the first a line's far tails are counted, below the second nothing is."""

_REACH = 1.0
"""Degrees to which a weak line is followed; what is beyond is under a thirtieth of a count per second."""


def traced(angles: Floats, place: Floats, area: Floats, width: Floats, lorentzian: Floats) -> Floats:
    """The sum of lines over evenly spaced angles.

    Args:
        angles: In degrees, evenly spaced, at least two.
        place: Of each line, degrees.
        area: Of each line.
        width: FWHM of each line, degrees.
        lorentzian: Share of each line, see `pseudo_voigt`.
    """
    height = area / width
    strong, weak = height > _STRONG, (height > _INVISIBLE) & (height <= _STRONG)
    distance = angles[None, :] - place[strong, None]
    total = area[strong] @ pseudo_voigt(distance, width[strong, None], lorentzian[strong, None])
    step = angles[1] - angles[0]
    reach = int(_REACH / step)
    near = np.round((place[weak] - angles[0]) / step).astype(int)[:, None] + np.arange(-reach, reach + 1)[None, :]
    distance = angles[0] + step * near - place[weak, None]
    part = area[weak, None] * pseudo_voigt(distance, width[weak, None], lorentzian[weak, None])
    inside = (near >= 0) & (near < len(angles))
    return np.asarray(total + np.bincount(near[inside], weights=part[inside], minlength=len(angles)))
