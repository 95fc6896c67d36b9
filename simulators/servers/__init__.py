"""The ends of the wires: one module per protocol, none of them shared with the drivers."""
