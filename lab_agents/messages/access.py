"""The broker's access list, made from the table of topics: who may write and read what, by user name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lab_agents.messages.topics import TABLE, Party, TopicRule, Topics
from lab_agents.records.laboratory import Laboratory

_CONFIGURATION = """\
# Made by `make documents`; do not edit. For a broker of your own that the machines of a laboratory share; one that a
# guard starts (`starts_broker`, or on loopback) gets all of this by itself.
#   lab-agents credentials LABFILE makes the certificates and the list (mosquitto.acl).
per_listener_settings false
# A client is the user that its certificate names, and may do what the list grants that user.
allow_anonymous false
acl_file /etc/mosquitto/lab-agents.acl

listener 8883
require_certificate true
use_identity_as_username true
cafile /etc/mosquitto/lab-agents/ca.crt
certfile /etc/mosquitto/lab-agents/broker.crt
keyfile /etc/mosquitto/lab-agents/broker.key
tls_version tlsv1.2

# Without it a message waits up to 40 ms for the acknowledgement of the one before.
set_tcp_nodelay true
persistence true
persistence_location /var/lib/mosquitto/
# Seconds between two writes of what is retained; a killed broker forgets what is younger.
autosave_interval 1
max_queued_messages 10000
max_inflight_messages 100
# Twice the largest payload of the bus; an oversized foreign message ends at the broker.
max_packet_size 1048576
"""


@dataclass(frozen=True)
class User:
    """One user of the broker: its name, what it is, what may stand in the places of its topics."""

    name: str
    parties: tuple[Party, ...]
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def broker_users(laboratory: Laboratory) -> tuple[User, ...]:
    """The users of a laboratory's broker: each agent under its name, one guard a machine, and `people`.

    The notifier only reads.
    """
    agents = (
        User(
            name,
            ("agent", "supervision") if declared.role == "supervision" else ("agent",),
            {"source": (name,), "instrument": declared.instruments},
        )
        for name, declared in laboratory.agents.items()
    )
    guards = (User(f"guard_{machine}", ("guard",), {"machine": (machine,)}) for machine in laboratory.machines)
    return (
        *agents,
        User("recorder", ("recorder",), {"source": ("+",)}),
        User("simulator", ("simulator",), {"source": ("simulator",)}),
        *([User("notifier", ("notifier",))] if laboratory.notifications else []),
        *guards,
        # Brokers cannot say "once-+"; the names of everybody else are denied instead.
        User("people", ("person",), {"source": ("+",)}),
    )


def mosquitto_access(laboratory: Laboratory) -> str:
    """Mosquitto's `acl_file` for one laboratory; what is not granted here is refused.

    The recorder checks what stands in a frame; the list keeps a source from writing under another's name, and anything
    but the recorder from writing the log.
    """
    lines = ["# Made from lab_agents/messages/topics.py by `make documents`; do not edit."]
    topics = Topics(laboratory.name)
    users = broker_users(laboratory)
    for user in users:
        lines += ["", f"user {user.name}"]
        if "person" in user.parties:
            lines += [f"topic deny {topic}" for other in users for topic in _taken(topics, other)]
        for rule in TABLE:
            lines += [f"topic write {topic}" for topic in _written(topics, rule, user)]
            lines += [f"topic read {topic}" for topic in _read(topics, rule, user)]
    return "\n".join(lines) + "\n"


def mosquitto_configuration() -> str:
    """A `mosquitto.conf` for a laboratory of several machines: TLS, names by certificate, the access list."""
    return _CONFIGURATION


def _taken(topics: Topics, user: User) -> Iterator[str]:
    """The topics that a user has for itself and a person could otherwise use."""
    for rule in TABLE:
        if "person" in (*rule.writers, *rule.readers) and rule.place == "source" and not rule.is_public:
            yield from (topics.build(rule.name, source=part) for part in user.parts.get("source", ()) if part != "+")


def _written(topics: Topics, rule: TopicRule, user: User) -> Iterator[str]:
    if set(rule.writers) & set(user.parties):
        place = rule.place
        if place is None:
            yield topics.build(rule.name)
        else:
            yield from (topics.build(rule.name, **{place: part}) for part in user.parts.get(place, ()))


def _read(topics: Topics, rule: TopicRule, user: User) -> Iterator[str]:
    if not set(rule.readers) & set(user.parties):
        return
    if rule.place is None:
        yield topics.build(rule.name)
    elif rule.is_public:
        yield topics.build(rule.name, **{rule.place: "+"})
    else:
        yield from (topics.build(rule.name, **{rule.place: part}) for part in user.parts.get(rule.place, ()))
