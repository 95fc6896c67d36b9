"""The one table of topics: who writes what where; everything that names a topic comes from here."""

from dataclasses import dataclass
from typing import Literal

Party = Literal["agent", "supervision", "recorder", "simulator", "guard", "person", "notifier"]
"""Who stands at one end of a topic. An agent, a guard and the simulator use their own names in it, a person's calls
`once-<uuid>`."""

EVERYBODY: tuple[Party, ...] = ("agent", "supervision", "recorder", "simulator", "guard", "person", "notifier")


@dataclass(frozen=True)
class TopicRule:
    """One row: template after `lab/<lab>/`, what it carries, who writes and reads, retained or not, quality of service.

    A topic with `{source}` that not everybody reads is read under the reader's own name. `{instrument}` is one that the
    writing agent drives.
    """

    name: str
    template: str
    payload: str
    writers: tuple[Party, ...]
    readers: tuple[Party, ...]
    about: str
    retained: bool = False
    qos: int = 1

    @property
    def place(self) -> str | None:
        """The name of the template's one variable level."""
        return next((word[1:-1] for word in self.template.split("/") if word.startswith("{")), None)

    @property
    def is_public(self) -> bool:
        """Whether everybody may read it."""
        return set(self.readers) == set(EVERYBODY)


TABLE = (
    TopicRule(
        *("submit", "submit/{source}", "Frame"),
        writers=("agent", "person"),
        readers=("recorder",),
        about="What a source wants in the log, in the order of its sequence, again until it has a position.",
    ),
    TopicRule(
        *("log", "log", "Logged"),
        writers=("recorder",),
        readers=EVERYBODY,
        about="Every entry with its position, once committed.",
    ),
    TopicRule(
        *("head", "head", "Head"),
        writers=("recorder",),
        readers=EVERYBODY,
        about="The newest position: every 0.5 s, and at once when the recorder begins or ends refusing.",
        retained=True,
        qos=0,
    ),
    TopicRule(
        *("read", "read/{source}", "Question"),
        writers=("agent", "person", "simulator"),
        readers=("recorder",),
        about="A birth, or a question for a page of the log.",
    ),
    TopicRule(
        *("page", "page/{source}", "Answer"),
        writers=("recorder",),
        readers=("agent", "person", "simulator"),
        about="The answer: a birth, a page of at most 256 KiB, a wish for frames again, or the order to exit.",
    ),
    TopicRule(
        *("agent_status", "agents/{source}/status", "AgentStatus"),
        writers=("agent",),
        readers=EVERYBODY,
        about="How an agent stands: every 0.5 s, at once when it is stuck or no longer, and as its last will.",
        retained=True,
        qos=0,
    ),
    TopicRule(
        *("agent_rest", "agents/{source}/rest", "AgentStatus"),
        writers=("agent",),
        readers=EVERYBODY,
        about="The same at once whenever it owes nothing or has begun to owe: what a simulated clock waits for.",
        qos=0,
    ),
    TopicRule(
        *("guard_status", "guards/{machine}/status", "GuardStatus"),
        writers=("guard",),
        readers=EVERYBODY,
        about="How a machine stands: children, latch, what each instrument confirmed; at once on change, every 0.5 s.",
        retained=True,
        qos=0,
    ),
    TopicRule(
        *("permit", "permit", "Permit"),
        writers=("supervision",),
        readers=EVERYBODY,
        about="Supervision's word that motions may start, every 0.5 s.",
        qos=0,
    ),
    TopicRule(
        *("clock", "clock", "Tick"),
        writers=("simulator",),
        readers=EVERYBODY,
        about="Laboratory time of a simulated laboratory.",
        retained=True,
    ),
    TopicRule(
        *("telemetry", "instruments/{instrument}/telemetry", "Telemetry"),
        writers=("agent",),
        readers=EVERYBODY,
        about="Readings for people to look at; never in the log, nothing is decided on them.",
        qos=0,
    ),
    TopicRule(
        *("stop", "stop", "StopRequest"),
        writers=("person", "guard"),
        readers=EVERYBODY,
        about="The stop request, with its id; a guard clears it when it is re-armed.",
        retained=True,
    ),
)
_BY_NAME = {rule.name: rule for rule in TABLE}


@dataclass(frozen=True)
class Topics:
    """Builds and parses the topics of one laboratory."""

    lab: str

    def build(self, name: str, **parts: str) -> str:
        """The topic `name` with its parts filled in; a part may be `+` in a filter."""
        return f"lab/{self.lab}/" + _BY_NAME[name].template.format(**parts)

    def rule(self, name: str) -> TopicRule:
        """The row of the table."""
        return _BY_NAME[name]

    def parse(self, topic: str) -> tuple[str, dict[str, str]] | None:
        """The name and parts of a topic, or None where it is not one of this laboratory's."""
        words = topic.split("/")
        if words[:2] != ["lab", self.lab]:
            return None
        for rule in TABLE:
            pattern = rule.template.split("/")
            if len(pattern) == len(words) - 2:
                parts = {p[1:-1]: w for p, w in zip(pattern, words[2:], strict=True) if p.startswith("{")}
                if [w if p.startswith("{") else p for p, w in zip(pattern, words[2:], strict=True)] == words[2:]:
                    return rule.name, parts
        return None
