"""Telling people outside the laboratory what happens: a process that only reads, and channels to reach them."""
