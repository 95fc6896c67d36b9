"""Who is told outside the laboratory, by which way, of what."""

from typing import Literal, get_args
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from lab_agents.records.base import FrozenMap, Name, Record
from lab_agents.records.recipe import Argument

About = Literal["tickets", "stops", "silence", "campaigns"]
"""`tickets`: what waits for a person, and how it ended. `stops`: emergency stops, drills and re-arming. `silence`: a
recorder, supervision or guard that is not heard any more, and a channel that takes nothing. `campaigns`: their ends."""
ALL_ABOUT: tuple[About, ...] = get_args(About)

_VARIABLE = r"^[A-Z_][A-Z0-9_]*$"


class NotificationChannel(Record):
    """One way to reach people.

    Attributes:
        kind: Entry point of the group `lab_agents.channels`: `webhook`, `email`, or one of your own.
        address: A URL: `https://…`, `smtp://host:port`. One that is a secret itself stands in the environment variable
            that `address_env` names.
        about: What is told.
        to: Addressees, for kinds that have some.
        sender: As whom it is sent, for kinds that need one.
        user: Account at the address, for kinds that have accounts.
        secret_env: The environment variable that holds the secret: what a webhook is signed with, a password.
        secret_file: The file that holds it.
        authority: File of the certificate by which the server is known, where it is not one of the public ones.
        settings: What only this kind knows.
    """

    kind: Name
    address: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9+.-]*://[^\s/?#]+")
    address_env: str | None = Field(default=None, pattern=_VARIABLE)
    about: tuple[About, ...] = Field(default=ALL_ABOUT, min_length=1)
    to: tuple[str, ...] = ()
    sender: str | None = None
    user: str | None = None
    secret_env: str | None = Field(default=None, pattern=_VARIABLE)
    secret_file: str | None = Field(default=None, pattern=r"^/.+$")
    authority: str | None = Field(default=None, pattern=r"^/.+$")
    settings: FrozenMap[str, Argument] = Field(default_factory=dict)

    @field_validator("address")
    @classmethod
    def _check_address(cls, address: str | None) -> str | None:
        if address is not None and urlsplit(address).password is not None:
            raise ValueError("holds a password; give it by secret_env or secret_file")
        return address

    @model_validator(mode="after")
    def _check_sources(self) -> "NotificationChannel":
        if (self.address is None) == (self.address_env is None):
            raise ValueError("give either address or address_env")
        if self.secret_env is not None and self.secret_file is not None:
            raise ValueError("give secret_env or secret_file, not both")
        return self
