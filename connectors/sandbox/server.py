"""The sandbox as one object: start it, connect an app to it, stop it."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import waitress
from waitress import wasyncore

from connectors.sandbox import seed
from connectors.sandbox.account import SandboxAccount
from connectors.sandbox.deliverer import Deliverer
from connectors.sandbox.faults import Faults
from connectors.sandbox.freshdesk.vendor import FRESHDESK
from connectors.sandbox.helpdesk import Helpdesk
from connectors.sandbox.mail import Sink
from connectors.sandbox.patience import Patience
from connectors.sandbox.stamps import iso
from connectors.sandbox.store import Db, File, find_setting
from connectors.sandbox.vendor import Connection, Vendor
from connectors.sandbox.web import App
from connectors.sandbox.zendesk.vendor import ZENDESK

_HOST = "127.0.0.1"

VENDORS: Mapping[str, Vendor] = {vendor.name: vendor for vendor in (ZENDESK, FRESHDESK)}


class Sandbox:
    """A helpdesk server in threads of this process. One per file.

    `now` is business time: what tickets, comments and ratings are stamped with. `port` and `smtp_port` 0 mean any free
    one, `smtp_port` None no SMTP sink. `vendor` is whose API it speaks, kept with the file; None takes the file's own,
    or Zendesk for a new one. Raises OSError when a port is taken, FileInUse when the file is, ValueError when the file
    is another vendor's.
    """

    def __init__(
        self,
        *,
        file: Path,
        now: Callable[[], datetime],
        port: int = 0,
        smtp_port: int | None = 0,
        vendor: str | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._wanted_port, self._wanted_smtp = port, smtp_port
        self._patience = patience or Patience()
        self._file = File(file)
        try:
            with self._file.writing() as db:
                self.account: SandboxAccount = _account(db, vendor, iso(now()))
                plan = find_setting(db, "limits")
        except BaseException:
            self._file.close()
            raise
        self._vendor = VENDORS[self.account.vendor]
        self.helpdesk = Helpdesk(
            file=self._file,
            clock=now,
            account=self.account,
            vendor=self._vendor,
            limits=self._vendor.make_limits(plan),
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
        return f"http://{_HOST}:{self.port}"

    @property
    def alive(self) -> bool:
        """Whether it answers: started, and not stopped or dead since."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        # waitress says on its logger what the caller already knows from `url`, and warns of short queues.
        logging.getLogger("waitress").setLevel(logging.ERROR)
        try:
            # Bound here, since waitress leaves threads behind when it cannot bind.
            listening = socket.create_server((_HOST, self._wanted_port), backlog=128)
            self.port = int(listening.getsockname()[1])
            self._server = waitress.create_server(App(self.helpdesk), map=self._sockets, sockets=[listening], threads=8)
            if self._wanted_smtp is not None:
                self._sink = Sink(self._file, _HOST, self._wanted_smtp)
                self._sink.start()
                self.smtp_port = self._sink.port
        except BaseException:
            self.stop()
            raise
        self._thread = threading.Thread(target=self._server.run, name="sandbox-web", daemon=True)
        self._thread.start()
        self._deliverer = Deliverer(self._file, self.account.id, self._vendor, self._patience)
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
        """Point the sandbox at an app: its webhook address (proven by `account.webhook_secret`), and its sidebar.

        Calling it again moves the same webhook. None when no endpoint was given.
        """
        with self._file.writing() as db:
            if sidebar_url is not None:
                self.helpdesk.set(db, "sidebar_url", sidebar_url)
            return None if endpoint is None else self._vendor.connect(db, self.account, endpoint)


def _account(db: Db, vendor: str | None, now: str) -> SandboxAccount:
    """The file's account, made on the first start. Raises ValueError when it is another vendor's."""
    if vendor is not None and vendor not in VENDORS:
        raise ValueError(f"vendor: {vendor!r} is none of {', '.join(VENDORS)}")
    known = seed.find(db)
    if known is None:
        return seed.sow(db, VENDORS[vendor or ZENDESK.name], now)
    if vendor is not None and vendor != known.vendor:
        raise ValueError(f"vendor: the file holds a {known.vendor} account")
    return known
