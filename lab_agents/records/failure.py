"""What happens when a task fails: by its recipe's own words, else by the lab file, else as is usual for its kind."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

from pydantic import Field

from lab_agents.records.base import Name, Record
from lab_agents.records.quantities import Seconds

TaskKind = Literal["mix", "coat", "anneal", "transfer", "measure", "other"]
"""Kinds of tasks: liquids into a vial, a film onto a substrate, heat, carrying, measuring, and whatever else."""
TASK_KINDS: tuple[TaskKind, ...] = get_args(TaskKind)
LONGEST_WAIT = 7 * 24 * 3600.0
"""Seconds (laboratory time) that all retries of a task may take: what is refused for a week is broken (assumption)."""
_AFTER: Mapping[str, str] = MappingProxyType(
    {
        "retry": "the sample is quarantined",
        "quarantine": "the sample is quarantined",
        "skip": "the next step follows",
        "ask": "a person is asked",
        "abort": "the sample is quarantined and the campaign closed",
    }
)


class FailurePolicy(Record):
    """What happens when a step fails.

    Where certainly nothing moved, the step is tried again up to `retries` times, on the instruments of `instead` in
    turn if there are any. The first retry comes `backoff` (laboratory time) after the failure, each further one after
    `growth` times the wait before it. Then, or at once where something moved: `skip` goes on with the next step, `ask`
    waits for a person's answer (retry, skip or discard), `abort` quarantines the sample and closes the campaign, all
    else quarantines the sample. Where an actuation is unknown the sample is quarantined, whatever the policy.
    """

    action: Literal["retry", "skip", "quarantine", "ask", "abort"] = "quarantine"
    retries: int = Field(default=0, ge=0, le=10)
    backoff: Seconds = 60.0
    growth: float = Field(default=1.0, ge=1.0, le=10.0)
    instead: tuple[Name, ...] = ()

    def wait(self, attempt: int) -> float:
        """Seconds of laboratory time from the failure of attempt number `attempt` (from 0) to the next one."""
        return self.backoff * self.growth**attempt

    @property
    def longest_wait(self) -> float:
        """Seconds of laboratory time that all retries wait together."""
        return sum(self.wait(attempt) for attempt in range(self.retries))

    @property
    def flaw(self) -> str:
        """Why nobody can mean this policy, or an empty text."""
        if self.action == "retry" and not self.retries:
            return "it is to be tried again, but 0 times"
        if self.instead and not self.retries:
            return "other instruments are named, but it is never tried again"
        if self.longest_wait > LONGEST_WAIT:
            longest, limit = self.longest_wait / 3600, LONGEST_WAIT / 3600
            return f"its retries would wait {longest:g} h together; {limit:g} h is the most"
        return ""

    def to_text(self) -> str:
        """For people: `tried again 5 times after 60 s each, then the next step follows`."""
        if not self.retries:
            return _AFTER[self.action]
        waits = f"{self.backoff:g} s" + (f" (each wait {self.growth:g} times the last)" if self.growth > 1 else "")
        where = f" on {', '.join(self.instead)} in turn" if self.instead else ""
        times = "once" if self.retries == 1 else f"up to {self.retries} times"
        return f"tried again {times}{where} after {waits}, then {_AFTER[self.action]}"


BY_KIND: Mapping[TaskKind, FailurePolicy] = MappingProxyType(
    {
        # The solutions wait as well in their bottles as in a vial that nothing was put into.
        "mix": FailurePolicy(retries=5, backoff=60.0),
        # Soon, for what passes by itself; then ever later, because a glovebox that was opened or is wet takes hours.
        # Eight retries come within 4.25 hours; an ink that may not wait so long ends them by its step's `max_wait`.
        "coat": FailurePolicy(retries=8, backoff=60.0, growth=2.0),
        # A wet film waits for the robot and for the plate: five minutes are usual, five retries come within half.
        "anneal": FailurePolicy(retries=5, backoff=30.0),
        "transfer": FailurePolicy(retries=5, backoff=30.0),
        # Without a measurement the sample is still carried home.
        "measure": FailurePolicy(action="skip", retries=5, backoff=60.0),
        # Of what nobody knows nothing is done again.
        "other": FailurePolicy(),
    }
)
"""What is usual for each kind of task, where neither recipe nor lab file says otherwise.

How often and how soon is an assumption: an instrument that refuses one start in five by chance refuses six in a row
once in 16,000 tasks.
"""
