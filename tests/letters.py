"""A real mail server on loopback that keeps what it is given."""

from __future__ import annotations

import re
import socket
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage


@dataclass
class PostOffice:
    """What was delivered, the oldest first."""

    port: int
    letters: list[EmailMessage] = field(default_factory=list)
    fails: int = 0

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - the server's name
        if self.fails:
            self.fails -= 1
            return "451 try again later"
        self.letters.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"

    @property
    def url(self) -> str:
        return f"smtp://post:office@127.0.0.1:{self.port}"


def text_of(letter: EmailMessage) -> str:
    return letter.get_body(("plain",)).get_content()


def link_in(letter: EmailMessage) -> str:
    """The path of the link in a letter; text and HTML hold the same."""
    found = re.search(r"https?://[^/\s]+(/\S+)", text_of(letter))
    assert found
    assert found[0] in letter.get_body(("html",)).get_content()
    return found[1]


def _known(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
    return AuthResult(success=(data.login, data.password) == (b"post", b"office"))


@contextmanager
def a_post_office() -> Iterator[PostOffice]:
    """Open until the end of the block; it wants a name and a password."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    office = PostOffice(port)
    options = {"authenticator": _known, "auth_required": True, "auth_require_tls": False}
    controller = Controller(office, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield office
    finally:
        controller.stop()
