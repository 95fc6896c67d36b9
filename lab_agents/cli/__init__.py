"""The command line."""

from lab_agents.cli.app import main

__all__ = ["main"]
