"""Making what a laboratory's processes show one another: an authority, a certificate for each, secrets for guards.

`lab_agents.credentials` says where they stand and reads them; only this module makes any.
"""

import os
import secrets
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lab_agents.credentials import BROKER, Credentials
from lab_agents.errors import StateFolderError
from lab_agents.messages.access import broker_users, mosquitto_access
from lab_agents.records.base import Record
from lab_agents.records.laboratory import Laboratory
from lab_agents.state_folder import write_atomically

VALID = timedelta(days=5 * 365)
"""How long certificates hold: longer than most laboratories keep a configuration. Whoever leaves earlier is shut out by
a new authority, see docs/security.md."""
EARLIER = timedelta(days=1)
"""Certificates hold from so long ago on: clocks of machines differ."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")
"""Names of the broker that its own machine uses."""


class MadeCredentials(Record):
    """What was made, by name; nothing of it is secret."""

    folder: str
    made: tuple[str, ...]
    kept: tuple[str, ...]
    valid_until: str


def make_credentials(laboratory: Laboratory, folder: Path, hosts: Sequence[str] = ()) -> MadeCredentials:
    """Make what is missing in a folder; what stands there is kept, so that a new agent gets its own and no other.

    The broker's access list, which holds no secret, is written anew each time.

    Args:
        laboratory: Whose agents, machines and guards.
        folder: Made where it is missing, for its owner alone.
        hosts: Names and addresses of the broker besides those of loopback and of the lab file; they stand in its
            certificate.

    Raises:
        StateFolderError: If the folder cannot be written, or holds an authority without its key.
    """
    place = Credentials(folder.resolve())
    until = datetime.now(UTC) + VALID
    named = urlsplit(laboratory.broker or "").hostname
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        issuer = _Issuer(place, laboratory.name, until)
        issuer.issue(BROKER, hosts=tuple(dict.fromkeys((*LOOPBACK, *((named,) if named else ()), *hosts))))
        for user in broker_users(laboratory):
            issuer.issue(user.name)
        for machine in laboratory.machines:
            issuer.draw_secret(machine)
        write_atomically(folder / "mosquitto.acl", mosquitto_access(laboratory).encode())
    except FileExistsError as error:
        raise StateFolderError(f"{error.filename} stands there without its other half. Move it away.") from error
    except OSError as error:
        raise StateFolderError(f"{folder} cannot be written: {error.strerror}. Name another folder.") from error
    return MadeCredentials(
        folder=str(place.folder), made=tuple(issuer.made), kept=tuple(issuer.kept), valid_until=f"{until:%Y-%m-%d}"
    )


class _Issuer:
    """The authority, made or read, and what it issues."""

    def __init__(self, place: Credentials, lab: str, until: datetime) -> None:
        self._place, self._lab, self._until = place, lab, until
        self.made: list[str] = []
        self.kept: list[str] = []
        if place.authority.exists():
            self._key, self._certificate = _read_authority(place)
            self.kept.append(place.authority.name)
        else:
            self._key = ec.generate_private_key(ec.SECP256R1())
            self._certificate = self._make_authority()
            _write_key(place.authority_key, self._key)
            _write(place.authority, self._certificate.public_bytes(serialization.Encoding.PEM), 0o644)
            self.made += [place.authority.name, place.authority_key.name]

    def issue(self, name: str, hosts: Iterable[str] = ()) -> None:
        """A key and a certificate for `name`; with `hosts` that of a server."""
        if self._place.certificate(name).exists() and self._place.key(name).exists():
            self.kept.append(name)
            return
        key = ec.generate_private_key(ec.SECP256R1())
        usage = ExtendedKeyUsageOID.SERVER_AUTH if hosts else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = self._begin(name, key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        if hosts:
            builder = builder.add_extension(x509.SubjectAlternativeName([_host(h) for h in hosts]), critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        _write_key(self._place.key(name), key)
        _write(self._place.certificate(name), certificate.public_bytes(serialization.Encoding.PEM), 0o644)
        self.made.append(name)

    def draw_secret(self, machine: str) -> None:
        """The secret of a machine's guard."""
        path = self._place.secret(machine)
        if path.exists():
            self.kept.append(path.name)
        else:
            _write(path, f"{secrets.token_hex(32)}\n".encode(), 0o600)
            self.made.append(path.name)

    def _make_authority(self) -> x509.Certificate:
        builder = self._begin(f"{self._lab} laboratory", self._key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        usage = dict.fromkeys(
            (
                *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
                *("encipher_only", "decipher_only"),
            ),
            False,
        )
        builder = builder.add_extension(x509.KeyUsage(**usage, key_cert_sign=True, crl_sign=True), critical=True)
        identifier = x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())
        return builder.add_extension(identifier, critical=False).sign(self._key, hashes.SHA256())

    def _begin(self, name: str, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{self._lab} laboratory")])
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(datetime.now(UTC) - EARLIER).not_valid_after(self._until)
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return builder.add_extension(identifier, critical=False)


def _read_authority(place: Credentials) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    try:
        key = serialization.load_pem_private_key(place.authority_key.read_bytes(), None)
        certificate = x509.load_pem_x509_certificate(place.authority.read_bytes())
    except (FileNotFoundError, ValueError) as error:
        raise StateFolderError(
            f"{place.folder} holds an authority whose key cannot be read ({error}). Bring {place.authority_key.name} "
            "back, or name another folder and give every machine what is made there."
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise StateFolderError(f"{place.authority_key} is no key that this program made. Name another folder.")
    return key, certificate


def _host(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    _write(path, key.private_bytes(*form), 0o600)


def _write(path: Path, data: bytes, mode: int) -> None:
    """A new file; an old one is never written over, and no key is readable for an instant."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
