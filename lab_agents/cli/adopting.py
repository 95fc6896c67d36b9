"""Letting an agent take the recorder's log as its own after a backup was restored."""

from datetime import UTC, datetime
from pathlib import Path

from lab_agents.errors import JournalError, StateFolderError
from lab_agents.guard_door import find_guard
from lab_agents.state_folder import StateFolder


def adopt_log(state: Path, agent: str, person: str) -> Path:
    """Put an agent's journal aside; it is rebuilt from the recorder's log at the agent's next start.

    Args:
        state: The state folder; its laboratory must not run.
        agent: The agent.
        person: Who says so; it stands in the kept journal's name.

    Returns:
        Where the former journal is kept.

    Raises:
        StateFolderError: If the laboratory runs.
        JournalError: If the agent has no journal.
    """
    from instruments.lab import read_laboratory

    folder = StateFolder.open(state)
    for machine in read_laboratory(folder.lab_file).machines:
        running = find_guard(folder, machine)
        if running is not None:
            raise StateFolderError(
                f"The laboratory in {folder.path} runs (guard {running} of {machine}). End it, then adopt the log."
            )
    journal = folder.journal(agent)
    if not journal.exists():
        known = ", ".join(sorted(p.stem for p in journal.parent.glob("*.sqlite"))) or "none"
        raise JournalError(f"{agent} has no journal in {journal.parent}; those that have one: {known}.")
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    who = "".join(c if c.isalnum() else "-" for c in person)
    kept = journal.with_name(f"{agent}.before-{stamp}-{who}.sqlite.kept")
    for suffix in ("-wal", "-shm", ""):
        part = journal.with_name(journal.name + suffix)
        if part.exists():
            part.rename(kept.with_name(kept.name + suffix))
    return kept
