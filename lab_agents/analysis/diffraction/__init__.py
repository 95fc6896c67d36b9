"""Diffraction: patterns of counts in, phase fractions, lattice and crystallite size out."""
