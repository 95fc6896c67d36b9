"""What a person may do to a store whose laboratory has ended."""

from pathlib import Path

from lab_agents.store.opening import open_read_only
from lab_agents.store.projections import rebuild
from lab_agents.store.schema import check_revision
from lab_agents.store.writer import connect


def rebuild_store(path: Path) -> int:
    """Make every queried table of a store file anew from its log.

    It waits five seconds for a recorder that writes at this moment; one that runs goes on afterwards.

    Args:
        path: `STATE/store.sqlite`.

    Returns:
        How many entries were read.

    Raises:
        StoreError: If there is no store, it is of another version, or an entry cannot be read; nothing changed then.
    """
    open_read_only(path).dispose()
    engine = connect(path)
    try:
        with engine.connect() as connection:
            check_revision(connection, path)
        return rebuild(engine)
    finally:
        engine.dispose()
