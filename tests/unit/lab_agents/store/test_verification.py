from sqlalchemy import delete, update

from lab_agents.store.rows import LOG, read_rows
from lab_agents.store.verification import verify_rows


def faults(engine):
    """What is wrong with the log."""
    with engine.connect() as connection:
        return list(verify_rows(read_rows(connection, 0)))


def change(engine, statement):
    """Change the log behind the recorder's back."""
    with engine.begin() as connection:
        connection.execute(statement)


def test_a_whole_log_has_no_faults(engine):
    """As the recorder wrote it."""
    assert faults(engine) == []


def test_one_changed_entry_is_one_fault_of_the_chain(engine):
    """The following entries are judged from the chain that stands there, not all called broken."""
    with engine.connect() as connection:
        row = next(iter(read_rows(connection, 20)))
    change(engine, update(LOG).where(LOG.c.position == 21).values(entry=row.entry + b" "))
    assert [one.split(":")[0] for one in faults(engine)] == ["position 21"]


def test_a_cut_out_entry_is_found(engine):
    """By the gap and by the chain."""
    change(engine, delete(LOG).where(LOG.c.position == 30))
    assert any("31 follows 29" in one for one in faults(engine))


def test_an_unreadable_entry_is_found_beside_the_chain(engine):
    """Bytes that are no entry."""
    change(engine, update(LOG).where(LOG.c.position == 5).values(entry=b"{"))
    assert any("position 5 cannot be read" in one for one in faults(engine))
