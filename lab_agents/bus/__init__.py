"""Carrying bytes between processes."""
