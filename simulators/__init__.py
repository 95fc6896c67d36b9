"""The simulated laboratories: what stands at the other end of the wire."""
