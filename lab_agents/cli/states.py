"""Which state folder a command means."""

from pathlib import Path

from lab_agents.errors import StateFolderError

DEFAULT = Path("lab-state")
"""Where state folders are made when nobody says where, one for each laboratory."""


def state_for(state: Path | None, lab: str) -> Path:
    """The folder for the laboratory `lab`: the one asked for, else `lab-state/<lab>`."""
    return (state or DEFAULT / lab).absolute()


def existing_state(state: Path | None) -> Path:
    """The folder asked for, else the only one below `lab-state`.

    Raises:
        StateFolderError: If it is none, or if there are several to choose from.
    """
    if state is not None:
        if not is_state(state):
            raise StateFolderError(
                f"{state} is no state folder: it has no lab.json. Start a campaign there with: "
                f"lab-agents run FILE --state {state}"
            )
        return state.absolute()
    found = sorted(p for p in DEFAULT.glob("*") if is_state(p))
    if len(found) == 1:
        return found[0].absolute()
    if not found:
        raise StateFolderError(f"There is no state folder below {DEFAULT.absolute()}. Name one with --state DIR.")
    names = ", ".join(str(p) for p in found)
    raise StateFolderError(f"There are several state folders: {names}. Say which with --state DIR.")


def is_state(folder: Path) -> bool:
    """Whether a laboratory's state is kept in `folder`."""
    return (folder / "lab.json").is_file()
