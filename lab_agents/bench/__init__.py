"""The bench: the same planner, models and analysis as in the laboratory, as one loop in one process."""
