"""What the instruments' detectors give for a film: patterns, spectra, irradiance traces, voltage-current lists."""
