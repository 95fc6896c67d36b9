"""Which topics a filter means: `+` stands for one level, `#` for the rest; and what may be published."""

from lab_agents.bus.protocol import MAX_PAYLOAD


def check_filter(topic_filter: str) -> None:
    """Refuse a filter that no carrier understands.

    Raises:
        ValueError: If it is empty, holds white space, or a wildcard does not fill its level (`#` only at the end).
    """
    levels = topic_filter.split("/")
    if not topic_filter or any(c.isspace() for c in topic_filter):
        raise ValueError(f"topic filter {topic_filter!r} is empty or holds white space; brokers drop such topics")
    for number, level in enumerate(levels, start=1):
        if ("+" in level and level != "+") or ("#" in level and (level != "#" or number != len(levels))):
            raise ValueError(f"topic filter {topic_filter!r}: {level!r} is no whole level, or '#' is not the last one")


def check_publish(topic: str, payload: bytes) -> None:
    """Refuse what cannot be published, before it reaches a carrier.

    Raises:
        ValueError: If the topic is empty, holds white space or a wildcard, or the payload is above `MAX_PAYLOAD`.
    """
    if not topic or any(c.isspace() or c in "+#" for c in topic):
        raise ValueError(f"topic {topic!r} is empty, or holds white space or a wildcard; give one plain topic")
    if len(payload) > MAX_PAYLOAD:
        raise ValueError(f"{len(payload)} bytes on {topic}; a bus carries {MAX_PAYLOAD}. Put raw data in a blob.")


def is_match(topic_filter: str, topic: str) -> bool:
    """Whether `topic` is one of those that `topic_filter` means. `a/#` also means `a` itself."""
    wanted, levels = topic_filter.split("/"), topic.split("/")
    for number, word in enumerate(wanted):
        if word == "#":
            return True
        if number >= len(levels) or word not in ("+", levels[number]):
            return False
    return len(wanted) == len(levels)
