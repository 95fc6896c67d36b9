"""Every command and event, the frames that carry them, and the topics they travel on."""

# Each of these modules registers its kinds; a process that had not imported one would refuse its entries as unknown.
from lab_agents.messages import commands, course, life, work

__all__ = ["commands", "course", "life", "work"]
