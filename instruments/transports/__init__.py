"""Light clients of the instruments' protocols: no RunEngine, so that a guard can use them too."""
