"""What people are told: one thing that happened, or a digest of many."""

from collections.abc import Sequence

from pydantic import AwareDatetime

from lab_agents.records.base import Record
from lab_agents.records.notification import About

MOST_TITLE, MOST_TEXT = 150, 8000
"""Characters of a title (a subject line) and of a text."""
DIGEST_FROM = 10
"""Notices that wait for one channel from which on they are told together: a channel that comes back after a night, or
a laboratory in which much goes wrong at once, sends no flood."""
URGENT: tuple[About, ...] = ("stops", "silence", "tickets")


class Notice(Record):
    """One message to people.

    Attributes:
        id: The same for the same thing, however often it is sent: a receiver can leave out what it has.
        about: What kind of thing happened.
        lab: The laboratory.
        at: Wall time at which the notifier learned of it.
        title: One line.
        text: All of it, with what a person can do.
    """

    id: str
    about: About
    lab: str
    at: AwareDatetime
    title: str
    text: str


def make_notice(id_: str, about: About, lab: str, at: AwareDatetime, title: str, text: str) -> Notice:
    """A notice, its title on one line, both cut to what channels carry."""
    line = " ".join(title.split())
    line = line if len(line) <= MOST_TITLE else f"{line[: MOST_TITLE - 1]}…"
    text = text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}\n[cut: lab-agents status shows the rest]"
    return Notice(id=id_, about=about, lab=lab, at=at, title=line, text=text)


def digest(notices: Sequence[Notice]) -> Notice:
    """All of these as one, which is about what is most urgent among them."""
    last = notices[-1]
    first = next((one for about in URGENT for one in notices if one.about == about), last)
    lines = [f"{one.at:%Y-%m-%d %H:%M:%S} UTC  {one.title}" for one in notices]
    title = f"{len(notices)} notices, among them: {first.title}"
    text = "\n".join((*lines, "", "lab-agents status shows what is still open."))
    return make_notice(f"{last.id}/digest-{len(notices)}", first.about, last.lab, last.at, title, text)
