"""Real servers that take notices, and some that do not."""

import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from lab_agents.bus.broker import choose_port


@dataclass
class Received:
    """What a webhook's server got: JSON bodies and headers. `answer` is the status it gives, or what it does."""

    answer: int | str = 200
    bodies: list[dict[str, str]] = field(default_factory=list)
    headers: list[Message] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    url: str = ""

    @property
    def titles(self) -> list[str]:
        """In the order in which they came."""
        return [body["title"] for body in self.bodies]


@contextmanager
def webhook_server(received: Received, certificate: tuple[str, str] | None = None) -> Iterator[Received]:
    """An HTTP server on loopback, with TLS if it has a certificate (its file, and that of its key)."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if received.answer == "drop":
                self.close_connection = True
                return
            if received.answer == "hang":
                time.sleep(1.0)
                return
            received.raw.append(body)
            received.bodies.append(json.loads(body))
            received.headers.append(self.headers)
            self.send_response(int(received.answer))
            self.send_header("location", "/elsewhere")
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(b"said so" * 1000)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    scheme = "http"
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*certificate)
        server.socket, scheme = context.wrap_socket(server.socket, server_side=True), "https"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    received.url = f"{scheme}://127.0.0.1:{server.server_port}/secret-path"
    try:
        yield received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Mailbox:
    """What a mail server took: addressees and messages. `refuses` are addressees it does not know."""

    refuses: tuple[str, ...] = ()
    sent_to: list[list[str]] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, _server: SMTP, _session: object, envelope: object, address: str, _options: object
    ) -> str:
        """One addressee."""
        if address in self.refuses:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)  # type: ignore[attr-defined]
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: object, envelope: object) -> str:  # noqa: N802
        """A whole message."""
        self.sent_to.append(list(envelope.rcpt_tos))  # type: ignore[attr-defined]
        self.mails.append(envelope.content)  # type: ignore[attr-defined]
        return "250 OK"


@contextmanager
def mail_server(
    mailbox: Mailbox, certificate: tuple[str, str] | None = None, password: str | None = None
) -> Iterator[int]:
    """A mail server on loopback; yields its port. With a certificate it asks for STARTTLS, with a password for it."""
    context = None
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*certificate)

    def authenticate(_server: SMTP, _session: object, _envelope: object, _mechanism: str, data: object) -> AuthResult:
        is_right = getattr(data, "password", b"") == (password or "").encode()
        return AuthResult(success=is_right, handled=is_right)

    controller = Controller(
        mailbox,
        hostname="127.0.0.1",
        port=choose_port(),
        tls_context=context,
        require_starttls=context is not None,
        auth_required=password is not None,
        authenticator=authenticate,
    )
    controller.start()
    try:
        yield controller.server.sockets[0].getsockname()[1]
    finally:
        controller.stop()
