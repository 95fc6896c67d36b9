"""What the instruments do: forward models, durations, tokens; without any protocol."""
