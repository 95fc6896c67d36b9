"""The parts of a replay: one agent taking its decisions again, jobs computed again, what came out."""
