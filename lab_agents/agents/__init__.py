"""The agents: pure rules for each role, and the loop that runs them."""
