"""Devices that Bluesky plans move: ophyd-async for most, classic ophyd where a control system has its own classes."""
