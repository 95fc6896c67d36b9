"""Every command and event, the frames that carry them, and the topics they travel on."""
