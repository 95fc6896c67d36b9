"""What an engine is moving."""

from pydantic import AwareDatetime

from lab_agents.records.base import Name, Record, Token


class Motion(Record):
    """One running act. With `waits` it only waits: for the end of the program of its token, or until `until`."""

    instrument: Name
    token: Token
    plan: str
    waits: bool = False
    until: AwareDatetime | None = None
