"""Controller for self-driving materials laboratories."""

__version__ = "0.1.0"
