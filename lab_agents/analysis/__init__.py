"""Analysis: raw measurements in, values with uncertainties out; pure."""
