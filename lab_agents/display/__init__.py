"""A running campaign for the eye: a live display on a terminal, or one line for each notable event."""
