"""Chaos on purpose: a campaign in simulation under a plan of faults from a seed, and the scorecard of how it went."""
