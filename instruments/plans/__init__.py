"""Bluesky plans, one for each act; each holds exactly one actuation."""
