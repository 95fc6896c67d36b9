"""Yardsticks for planners, written apart from them."""
