"""The parts of an audit: what the log says was ordered, what the ledger says moved, and the checks between them."""
