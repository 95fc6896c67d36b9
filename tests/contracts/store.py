"""What every store of the log must do. Subclass `StoreContract`, give it a fixture `open_store`, and run it.

`open_store(lab="lab")` opens the same store again and again, as recorders that follow one another do; what it returns
has the methods of `lab_agents.store.writer.LogWriter` that are called here.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from lab_agents.errors import LostLeaseError, StoreError
from lab_agents.messages.entry import KINDS, Entry
from lab_agents.messages.frames import GENESIS, Header, chain_after, unpack_sealed
from lab_agents.messages.life import AgentStarted
from lab_agents.store.writer import Offered, SourceState

OpenStore = Callable[..., Any]
AT = datetime(2026, 1, 1, tzinfo=UTC)


def offer(sequence: int, source: str = "line", entry_id: str | None = None) -> Offered:
    """An entry of `source` under its sequence."""
    entry = Entry(
        id=entry_id or f"{source}/epoch/{sequence}",
        kind="AgentStarted",
        schema_version=KINDS["AgentStarted"].version,
        at=AT,
        subject=source,
        record=AgentStarted(agent=source, epoch=sequence, version="1"),
    )
    return Offered(Header(source=source, epoch=1, sequence=sequence), entry, entry.to_bytes())


def append(store: Any, *offered: Offered) -> list[bytes]:
    """Append, with the source's new state."""
    used = {one.header.source: SourceState(1, 0, one.header.sequence) for one in offered}
    return store.append(list(offered), used, AT)


class StoreContract:
    """One log, in one order, under one lease."""

    def test_positions_are_dense_and_chained(self, open_store: OpenStore) -> None:
        """Each seal continues the one before, over the bytes as received."""
        store = open_store()
        sealed = [*append(store, offer(1), offer(2)), *append(store, offer(3))]
        chain = GENESIS
        for position, one in enumerate(sealed, start=1):
            seal, payload = unpack_sealed(one)
            chain = chain_after(chain, payload)
            assert (seal.position, seal.chain, seal.log) == (position, chain, store.log)

    def test_what_was_appended_is_there_for_the_next_recorder(self, open_store: OpenStore) -> None:
        """The same log, the same head, the sources' states, every byte."""
        first = open_store()
        sealed = append(first, offer(1), offer(2))
        first.close()
        second = open_store()
        assert (second.log, second.position, second.chain) == (first.log, first.position, first.chain)
        assert second.page(0, 10**6) == sealed
        assert second.sources()["line"].sequence == 2

    def test_a_page_begins_where_it_is_asked_and_keeps_its_size(self, open_store: OpenStore) -> None:
        """At least one entry, so that nobody asks for ever."""
        store = open_store()
        sealed = append(store, *(offer(number) for number in range(1, 6)))
        assert store.page(3, 10**6) == sealed[3:]
        assert store.page(0, 1) == sealed[:1]
        assert store.page(5, 10**6) == []

    def test_an_entry_is_found_by_its_id(self, open_store: OpenStore) -> None:
        """With its position and content."""
        store = open_store()
        one = offer(1)
        append(store, one)
        assert store.find(one.entry.id) == (1, one.entry)
        assert store.find("line/epoch/9") is None

    def test_the_older_recorder_can_append_nothing(self, open_store: OpenStore) -> None:
        """Its commit fails, and the log is as the newer one left it."""
        old, new = open_store(), open_store()
        with pytest.raises(LostLeaseError):
            append(old, offer(1))
        append(new, offer(1))
        assert new.position == 1

    def test_a_commit_is_whole_or_not_at_all(self, open_store: OpenStore) -> None:
        """A second entry of the same id spoils its whole commit."""
        store = open_store()
        append(store, offer(1))
        with pytest.raises(Exception):  # noqa: B017, PT011 - each store has its own name for a broken rule
            append(store, offer(2), offer(3, entry_id="line/epoch/1"))
        assert (store.position, len(store.page(0, 10**6))) == (1, 1)

    def test_another_laboratory_is_refused(self, open_store: OpenStore) -> None:
        """Its samples are not ours."""
        append(open_store(), offer(1))
        with pytest.raises(StoreError):
            open_store(lab="other")
