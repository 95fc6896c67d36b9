"""The one table of topics: who writes what where; everything that names a topic comes from here."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TopicRule:
    """One row: template after `lab/<lab>/`, what it carries, who writes, retained or not, quality of service."""

    name: str
    template: str
    payload: str
    writer: str
    reader: str
    retained: bool = False
    qos: int = 1


TABLE = (
    TopicRule("submit", "submit/{source}", "Frame", "source", "recorder"),
    TopicRule("log", "log", "Logged", "recorder", "all"),
    TopicRule("head", "head", "Head", "recorder", "all", retained=True, qos=0),
    TopicRule("read", "read/{source}", "Question", "source", "recorder"),
    TopicRule("page", "page/{source}", "Answer", "recorder", "source"),
    TopicRule("agent_status", "agents/{source}/status", "AgentStatus", "source", "all", retained=True),
    TopicRule("guard_status", "guards/{machine}/status", "GuardStatus", "guard", "all", retained=True),
    TopicRule("permit", "permit", "Permit", "supervision", "all", qos=0),
    TopicRule("clock", "clock", "Tick", "simulator", "all", retained=True),
    TopicRule("telemetry", "instruments/{instrument}/telemetry", "Telemetry", "worker", "all", qos=0),
    TopicRule("stop", "stop", "StopRequest", "person", "all", retained=True),
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
