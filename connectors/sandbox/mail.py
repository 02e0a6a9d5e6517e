"""The SMTP sink: whatever is sent to it is kept as a mail that a customer received. Nothing is ever sent on."""

from __future__ import annotations

import asyncio
import email
import email.policy
import threading
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from connectors.sandbox.stamps import iso, real_now
from connectors.sandbox.store import Db, File, Row, insert, next_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    id: int
    recipient: str
    sender: str
    subject: str
    text: str
    headers: str
    received_at: str


def received(db: Db, *, to: str | None = None, limit: int = 200) -> list[Mail]:
    """Newest first."""
    where, params = ("recipient = ?", (to,)) if to else ("1", ())
    rows = db.execute(f"SELECT * FROM mail WHERE {where} ORDER BY id DESC LIMIT ?", (*params, limit))
    return [_mail(row) for row in rows]


def _mail(row: Row) -> Mail:
    return Mail(**dict(row))


def keep(db: Db, sender: str, recipients: list[str], content: bytes) -> None:
    """One row per recipient."""
    message = email.message_from_bytes(content, policy=email.policy.default)
    headers = "\n".join(f"{name}: {value}" for name, value in message.items())
    for recipient in recipients:
        insert(
            db,
            "mail",
            id=next_id(db, "mail", first=1),
            recipient=recipient,
            sender=sender,
            subject=str(message["Subject"] or ""),
            text=_text(message),
            headers=headers,
            received_at=iso(real_now()),
        )


def _text(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("plain", "html"))
    # SMTP ends lines in its own way.
    return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""


class _Handler:
    def __init__(self, file: File) -> None:
        self._file = file

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        with self._file.writing() as db:
            keep(db, envelope.mail_from or "", list(envelope.rcpt_tos), content)
        return "250 OK"


class Sink:
    """An SMTP server in a thread of its own. aiosmtpd's own controller cannot listen on port 0."""

    def __init__(self, file: File, host: str, port: int) -> None:
        self._file, self._host, self._wanted = file, host, port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sandbox-smtp", daemon=True)
        self._server: asyncio.Server | None = None
        self.port = 0

    def start(self) -> None:
        """Raises OSError when the port is taken."""
        self._thread.start()
        try:
            self.port = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(timeout=10)
        except BaseException:
            self.stop()
            raise

    async def _listen(self) -> int:
        handler = _Handler(self._file)

        def session() -> Any:
            return SMTP(handler, enable_SMTPUTF8=True, loop=self._loop)

        self._server = await self._loop.create_server(session, self._host, self._wanted)
        return int(self._server.sockets[0].getsockname()[1])

    def stop(self) -> None:
        if not self._thread.is_alive():
            return
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(timeout=5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)
        self._loop.close()

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
