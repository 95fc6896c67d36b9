"""Where a laboratory's certificates and secrets stand, and how a process gets at its own."""

import os
from dataclasses import dataclass
from pathlib import Path

import yaml

from lab_agents.bus.mqtt import Access, check_private
from lab_agents.errors import BusError, GuardError, StateFolderError
from lab_agents.records.laboratory import Laboratory

VARIABLE = "LAB_AGENTS_CREDENTIALS"
"""Environment variable that names another folder than the lab file does: machines may keep theirs elsewhere."""
PEOPLE = "people"
"""The broker's user for calls of the command line."""
BROKER = "broker"
"""The name of the broker's own certificate."""


@dataclass(frozen=True)
class Credentials:
    """A folder that `lab-agents credentials` made, or the part of it that one machine needs."""

    folder: Path

    @property
    def authority(self) -> Path:
        """The certificate by which all others are known."""
        return self.folder / "ca.crt"

    @property
    def authority_key(self) -> Path:
        """The key that makes new ones; no running process needs it."""
        return self.folder / "ca.key"

    def certificate(self, name: str) -> Path:
        """The certificate of a user."""
        return self.folder / f"{name}.crt"

    def key(self, name: str) -> Path:
        """Its key."""
        return self.folder / f"{name}.key"

    def secret(self, machine: str) -> Path:
        """The secret with which requests to the guard of a machine are signed."""
        return self.folder / f"guard_{machine}.secret"

    def access(self, user: str) -> Access:
        """What a client of this user shows the broker."""
        return Access(self.authority, self.certificate(user), self.key(user))


def credentials_of(laboratory: Laboratory) -> Credentials | None:
    """The credentials that a laboratory works with on this machine, or None where it works without."""
    return _located(laboratory.credentials)


def access_of(laboratory: Laboratory, user: str) -> Access | None:
    """What a process shows the broker as `user`, or None in a laboratory without credentials."""
    found = credentials_of(laboratory)
    return None if found is None else found.access(user)


def people_access(lab_file: Path) -> Access | None:
    """What a command shows the broker of the laboratory in a state folder.

    Only the one field is read: drivers that a lab file names need not be installed where somebody only looks.

    Raises:
        StateFolderError: If the lab file cannot be read.
    """
    try:
        declared = yaml.safe_load(lab_file.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, yaml.YAMLError) as error:
        raise StateFolderError(f"{lab_file} cannot be read: {error}. Restore it from a backup.") from error
    folder = declared.get("credentials") if isinstance(declared, dict) else None
    found = _located(None if folder is None else str(folder))
    return None if found is None else found.access(PEOPLE)


def read_secret(laboratory: Laboratory, machine: str) -> str:
    """The secret of a machine's guard.

    Raises:
        GuardError: If there is none, or others than its owner may read it.
    """
    found = credentials_of(laboratory)
    if found is None:
        raise GuardError(f"The laboratory has no credentials, so nothing can be asked of {machine} from afar.")
    path = found.secret(machine)
    try:
        check_private(path)
        return path.read_text().strip()
    except OSError as error:
        raise GuardError(
            f"The secret of {machine}, {path}, cannot be read: {error.strerror}. Copy it from where "
            "`lab-agents credentials` made it."
        ) from error
    except BusError as error:
        raise GuardError(str(error)) from error


def _located(folder: str | None) -> Credentials | None:
    if folder is None:
        return None
    return Credentials(Path(os.environ.get(VARIABLE, folder)))
