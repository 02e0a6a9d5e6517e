"""The sandbox as one object: start it, connect an app to it, stop it."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import waitress
from waitress import wasyncore

from connectors.sandbox import seed, webhooks
from connectors.sandbox.account import SandboxAccount
from connectors.sandbox.deliverer import Deliverer, Patience
from connectors.sandbox.faults import Faults
from connectors.sandbox.helpdesk import Helpdesk
from connectors.sandbox.limits import Limits, Plan
from connectors.sandbox.mail import Sink
from connectors.sandbox.stamps import iso, make_ulid, real_now
from connectors.sandbox.store import File, find_setting
from connectors.sandbox.web import App
from connectors.sandbox.webhooks import Webhook

#: What a connected app is told of.
EVENTS = tuple(
    f"zen:event-type:ticket.{name}"
    for name in (
        "created",
        "comment_added",
        "status_changed",
        "priority_changed",
        "tags_changed",
        "group_assignment_changed",
        "agent_assignment_changed",
        "requester_changed",
        "custom_field_changed",
        "csat_received",
        "merged",
        "soft_deleted",
        "marked_as_spam",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """The webhook that `Sandbox.connect` made."""

    webhook_id: str
    secret: str


class Sandbox:
    """A helpdesk server in threads of this process. One per file.

    `now` is business time: what tickets, comments and ratings are stamped with. `port` and `smtp_port` 0 mean any free
    one, `smtp_port` None no SMTP sink. Raises OSError when a port is taken, FileInUse when the file is.
    """

    def __init__(
        self,
        *,
        file: Path,
        now: Callable[[], datetime],
        port: int = 0,
        smtp_port: int | None = 0,
        host: str = "127.0.0.1",
        patience: Patience | None = None,
    ) -> None:
        self._host, self._wanted_port, self._wanted_smtp = host, port, smtp_port
        self._patience = patience or Patience()
        self._file = File(file)
        with self._file.writing() as db:
            self.account: SandboxAccount = seed.find_or_make(db, iso(now()))
            plan = find_setting(db, "limits")
        self.helpdesk = Helpdesk(
            file=self._file,
            clock=now,
            account=self.account,
            limits=Limits(Plan(**plan) if plan else None),
            faults=Faults(),
        )
        self.port = 0
        self.smtp_port: int | None = None
        self._server: Any = None
        self._sockets: dict[int, Any] = {}
        self._thread: threading.Thread | None = None
        self._deliverer: Deliverer | None = None
        self._sink: Sink | None = None
        self._stopped = False

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`; known once started."""
        return f"http://{self._host}:{self.port}"

    @property
    def alive(self) -> bool:
        """Whether it answers: started, and not stopped or dead since."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        # waitress says on its logger what the caller already knows from `url`, and warns of short queues.
        logging.getLogger("waitress").setLevel(logging.ERROR)
        try:
            # Bound here, since waitress leaves threads behind when it cannot bind.
            listening = socket.create_server((self._host, self._wanted_port), backlog=128)
            self.port = int(listening.getsockname()[1])
            self._server = waitress.create_server(App(self.helpdesk), map=self._sockets, sockets=[listening], threads=8)
            if self._wanted_smtp is not None:
                self._sink = Sink(self._file, self._host, self._wanted_smtp)
                self._sink.start()
                self.smtp_port = self._sink.port
        except BaseException:
            self.stop()
            raise
        self._thread = threading.Thread(target=self._server.run, name="sandbox-web", daemon=True)
        self._thread.start()
        self._deliverer = Deliverer(self._file, self.account.id, self._patience)
        self._deliverer.start()

    def stop(self) -> None:
        """Ends within seconds; may be called again, or without a start."""
        if self._stopped:
            return
        self._stopped = True
        try:
            if self._deliverer is not None:
                self._deliverer.stop()
            if self._sink is not None:
                self._sink.stop()
            if self._server is not None:
                self._stop_server()
        finally:
            self._file.close()

    def _stop_server(self) -> None:
        self._server.task_dispatcher.shutdown(timeout=3)
        if self._thread is not None:
            self._server.trigger.pull_trigger(self._close_sockets)
            self._thread.join(timeout=3)
        wasyncore.close_all(self._sockets)
        self._server.trigger.close()

    def _close_sockets(self) -> None:
        """Run by waitress' loop, which ends when it has no sockets left.

        The trigger itself stays open until then, since this thunk may run before its caller has pulled it.
        """
        for dispatcher in list(self._sockets.values()):
            if dispatcher is self._server.trigger:
                dispatcher.del_channel()
            else:
                wasyncore.dispatcher.close(dispatcher)

    def connect(self, *, endpoint: str | None = None, sidebar_url: str | None = None) -> Connection | None:
        """Point the sandbox at an app: its webhook address (signed with `account.webhook_secret`), and its sidebar.

        Calling it again moves the same webhook. None when no endpoint was given.
        """
        with self._file.writing() as db:
            if sidebar_url is not None:
                self.helpdesk.set(db, "sidebar_url", sidebar_url)
            if endpoint is None:
                return None
            known = next((item for item in webhooks.everything(db) if item.secret == self.account.webhook_secret), None)
            webhook = replace(known, endpoint=endpoint) if known else self._webhook(endpoint)
            webhooks.put(db, webhook)
        return Connection(webhook_id=webhook.id, secret=webhook.secret)

    def _webhook(self, endpoint: str) -> Webhook:
        return Webhook(
            id=make_ulid(),
            name="Connected app",
            endpoint=endpoint,
            subscriptions=EVENTS,
            secret=self.account.webhook_secret,
            created_by=self.account.integration_id,
            created_at=iso(real_now()),
        )
