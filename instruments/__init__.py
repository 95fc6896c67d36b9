"""Real instruments: drivers, plans, interlocks and the engine that runs them."""
