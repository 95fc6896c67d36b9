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
