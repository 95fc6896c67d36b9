"""A trial message through every channel of a laboratory: whether people would be told."""

from collections.abc import Mapping
from datetime import datetime

from lab_agents.errors import ChannelError
from lab_agents.notify.channels import open_channel
from lab_agents.notify.notice import make_notice
from lab_agents.records.base import Record
from lab_agents.records.notification import NotificationChannel


class Trial(Record):
    """What came of one channel: whether the message was taken, and what there is to say."""

    channel: str
    kind: str
    is_taken: bool
    said: str = ""

    def to_text(self) -> str:
        """For people."""
        said = f": {self.said}" if self.said else ""
        return f"{self.channel} ({self.kind}): {'taken' if self.is_taken else 'NOT taken'}{said}"


def try_channels(lab: str, channels: Mapping[str, NotificationChannel], at: datetime) -> tuple[Trial, ...]:
    """Send one trial message by each channel, whatever it wants to be told of; blocks until the last has answered."""
    return tuple(_try(lab, name, declared, at) for name, declared in channels.items())


def _try(lab: str, name: str, declared: NotificationChannel, at: datetime) -> Trial:
    title = f"a trial of the channel {name}"
    text = f"{title}\nNothing has happened. It would tell of: {', '.join(declared.about)}."
    notice = make_notice(f"trial/{name}/{at:%Y%m%dT%H%M%S%f}", declared.about[0], lab, at, title, text)
    try:
        said = open_channel(name, declared).send(notice)
    except ChannelError as error:
        return Trial(channel=name, kind=declared.kind, is_taken=False, said=str(error))
    return Trial(channel=name, kind=declared.kind, is_taken=True, said=said)
