"""A webhook: each notice as JSON, posted and signed as [StandardWebhooks] has it.

[StandardWebhooks] Standard Webhooks 1.0, https://www.standardwebhooks.com: the headers `webhook-id`,
`webhook-timestamp` (Unix seconds) and `webhook-signature` (`v1,` and the base64 of the HMAC-SHA256 of
`id.timestamp.body`).
"""

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import urllib3

from lab_agents.errors import ChannelError
from lab_agents.notify.channels import WITHIN, Opening
from lab_agents.notify.notice import Notice

PREFIX = "whsec_"
"""With it a secret is base64, without it the secret's own characters are the key."""
MOST_SAID = 80
"""Characters of a refusing server's answer that are shown."""


class Webhook:
    """Posts to one URL. A redirection is not followed: what was signed for one server is not shown to another."""

    def __init__(self, opening: Opening, now: Callable[[], float] = time.time) -> None:
        place = urlsplit(opening.address)
        if place.scheme not in ("http", "https") or not place.hostname:
            raise ChannelError(f"notifications.{opening.name}: a webhook's address begins with https:// or http://.")
        if place.scheme == "http" and place.hostname not in ("127.0.0.1", "::1", "localhost"):
            raise ChannelError(f"notifications.{opening.name}: beyond this machine a webhook needs https://.")
        self._name, self._url, self._now = opening.name, opening.address, now
        self._key = None if opening.secret is None else _key_of(opening.name, opening.secret)
        self._pool = urllib3.PoolManager(ca_certs=opening.declared.authority, retries=False, timeout=WITHIN)

    def send(self, notice: Notice) -> str:
        """See `Channel.send`; anything but a 2xx is a refusal."""
        body = notice.model_dump_json().encode()
        stamp = str(int(self._now()))
        headers = {"content-type": "application/json", "webhook-id": notice.id, "webhook-timestamp": stamp}
        if self._key is not None:
            headers["webhook-signature"] = sign(self._key, notice.id, stamp, body)
        try:
            # At most so much is read of whatever a server says.
            answer = self._pool.request("POST", self._url, body=body, headers=headers, preload_content=False)
            said = answer.read(MOST_SAID)
            answer.close()
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise ChannelError(f"{self._name}: {_place_of(self._url)} cannot be reached: {_plain(error)}") from error
        if not 200 <= answer.status < 300:
            text = said.decode(errors="replace").strip()
            raise ChannelError(f"{self._name}: {_place_of(self._url)} answered {answer.status} {text}".rstrip())
        return ""


def sign(key: bytes, id_: str, stamp: str, body: bytes) -> str:
    """The value of `webhook-signature`."""
    signed = hmac.new(key, f"{id_}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"


def _key_of(name: str, secret: str) -> bytes:
    if not secret.startswith(PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ChannelError(f"notifications.{name}: the secret begins with {PREFIX} and is not base64.") from error


def _place_of(url: str) -> str:
    """The server alone: the rest of a webhook's URL is often a secret."""
    place = urlsplit(url)
    return f"{place.scheme}://{place.hostname}{'' if place.port is None else f':{place.port}'}"


def _plain(error: Exception) -> str:
    """What went wrong, without the URL that the library puts into its message."""
    cause: BaseException = error
    while isinstance(cause, urllib3.exceptions.MaxRetryError) and cause.reason is not None:
        cause = cause.reason
    named = {
        # A refused connection is a kind of timeout to the library, so it comes first.
        urllib3.exceptions.NewConnectionError: "nobody listens there",
        urllib3.exceptions.ConnectTimeoutError: "it does not answer",
        urllib3.exceptions.ReadTimeoutError: "it took the connection and does not answer",
    }
    for kind, words in named.items():
        if isinstance(cause, kind):
            return words
    is_plain = isinstance(cause, OSError | urllib3.exceptions.SSLError)
    return f"{type(cause).__name__}: {cause}" if is_plain else type(cause).__name__
