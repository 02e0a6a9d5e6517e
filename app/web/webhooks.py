"""Webhooks from helpdesks: verified, stored, answered. Nothing else happens here: no reading, no queue, no scoring.

A sender is told the truth about storing and nothing more: 202 once stored, and never 500, which senders give up on.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, current_app, g, request
from flask.blueprints import BlueprintSetupState
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from app import log
from app.clock import real_now
from app.connect import KINDS
from app.store import deliveries, desks
from app.store.database import Database, DatabaseUnavailable, Purpose
from app.store.deliveries import Incoming, Pace
from app.web.access import public
from app.web.context import parts
from connectors.base import WebhookRequest
from connectors.errors import BadBody, BadSignature
from connectors.ticket import DeskEvent
from tasks.parts import Parts

blueprint = Blueprint("webhooks", __name__)

MOST_BYTES = 256 * 1024
#: How long this process may use what it knows of a desk, its secrets among it.
DESK_SECONDS = 5.0
_MOST_KEYS = 2000
#: Seconds after which a sender may try again; Zendesk does so only when it is short.
RETRY_AFTER = "5"
#: What fits into the delivery's columns.
_LONGEST = {"event_id": 128, "type": 64, "ticket_id": 64, "actor_id": 64}


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDesk:
    """What a webhook needs of its desk."""

    id: int
    kind: str
    secrets: tuple[str, ...]
    own_names: frozenset[str]  #: what deliveries may call us


class Directory:
    """The desks by webhook key, remembered for some seconds; and which refusals were counted just now."""

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self._timer = timer
        self._known: dict[str, tuple[float, KnownDesk | None]] = {}
        self._counted: dict[tuple[int, str], float] = {}

    def find(self, database: Database, key: str) -> KnownDesk | None:
        """Raises DatabaseUnavailable for a key that was never looked up."""
        found = self._known.get(key)
        if found is not None and self._timer() < found[0]:
            return found[1]
        try:
            desk = _read_desk(database, key)
        except DatabaseUnavailable:
            if found is None:
                raise
            return found[1]  # an old answer tells at least how this sender wants to hear that nothing was stored
        if len(self._known) >= _MOST_KEYS:  # guessed keys must not fill the memory
            self._known.clear()
        self._known[key] = (self._timer() + DESK_SECONDS, desk)
        return desk

    def may_count(self, desk_id: int, reason: str) -> bool:
        """True at most once a second for a desk and a reason, so that a stranger cannot make us write."""
        now = self._timer()
        if now - self._counted.get((desk_id, reason), float("-inf")) < 1.0:
            return False
        self._counted[desk_id, reason] = now
        return True


def _read_desk(database: Database, key: str) -> KnownDesk | None:
    with database.system(Purpose.ROUTE, read=True) as session:
        desk = desks.find_by_key(session, key)
        if desk is None:
            return None
        secrets = tuple(desks.webhook_secrets(session, desk))
        names = frozenset({desk.integration_user_id or "", *desk.settings.get(desks.OWN_NAMES, ())})
        return KnownDesk(id=desk.id, kind=desk.kind, secrets=secrets, own_names=names - {""})


@blueprint.record_once
def _give_directory(state: BlueprintSetupState) -> None:
    state.app.extensions["kintsugi.webhooks"] = Directory()


def _directory() -> Directory:
    directory: Directory = current_app.extensions["kintsugi.webhooks"]
    return directory


@blueprint.post("/hooks/<key>")
@public
def receive(key: str) -> Response:
    """Verify over the raw bytes, then store; the order of the checks is the order of their cost to us."""
    body = _read_body()
    if body is None:
        return _answer(413, _TOO_LARGE)
    joined = parts()
    desk = _directory().find(joined.database, key) if len(key) <= 64 and key.isprintable() else None
    if desk is None:
        return _answer(404, _NO_DESK)
    g.webhook_kind = desk.kind
    received = WebhookRequest(headers=_headers(request.environ), body=body, received_at=real_now())
    try:
        KINDS[desk.kind].verify(received, desk.secrets)
    except BadSignature as error:
        _count_refusal(joined.database, desk, str(error))
        return _answer(401, _BAD_SIGNATURE)
    return _store(joined, desk, received)


def _store(joined: Parts, desk: KnownDesk, received: WebhookRequest) -> Response:
    incoming = _read(joined.database, desk, received)
    pace = Pace(debounce=joined.settings.debounce, max_wait=joined.settings.max_wait)
    try:
        new = deliveries.receive(joined.database, incoming, received.received_at, pace)
    except desks.NotFound:
        return _answer(404, _NO_DESK)
    if incoming.refused is not None:
        return _answer(400, _words("error", incoming.refused))
    return _answer(202, _STORED if new else _KNOWN)


def _headers(environ: Mapping[str, Any]) -> dict[str, str]:
    """The request's headers with lower-case names; the framework's own view of them costs more than the signature."""
    return {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name[:5] == "HTTP_"}


def _read_body() -> bytes | None:
    """The raw body; None when it is too large, whether its length was announced or not."""
    if request.content_length is not None:
        return None if request.content_length > MOST_BYTES else request.get_data(cache=False)
    # A chunked body is cut off silently at the server's limit, so ask for one byte more than is allowed.
    request.max_content_length = MOST_BYTES + 1
    body = b""
    while len(body) <= MOST_BYTES:
        more = request.stream.read(MOST_BYTES + 1 - len(body))
        if not more:
            return body
        body += more
    return None


def _read(database: Database, desk: KnownDesk, received: WebhookRequest) -> Incoming:
    """The delivery as it will be stored; a body that we cannot make sense of is kept too, with the reason."""
    sealed = database.vault.seal(received.body.decode("utf-8", "surrogateescape"))
    try:
        event = KINDS[desk.kind].parse(received)
        _check_storable(event)
    except BadBody as error:
        # The same body again is the same trouble again, and is stored once.
        digest = hashlib.sha256(received.body).hexdigest()
        event = DeskEvent(
            event_id=f"refused:{digest[:40]}", type="refused", ticket_id=None, actor_id=None, occurred_at=None
        )
        return Incoming(desk_id=desk.id, event=event, sealed_body=sealed, refused=str(error))
    echo = event.actor_id in desk.own_names
    return Incoming(desk_id=desk.id, event=event, sealed_body=sealed, echo=echo)


def _check_storable(event: DeskEvent) -> None:
    """Raises BadBody for what would not fit into its column, or cannot be in any: NUL, half a surrogate pair."""
    for name, most in _LONGEST.items():
        value = getattr(event, name)
        if value is not None and (len(value) > most or not value.isprintable()):
            raise BadBody(f"{name}: longer than {most} characters, or holds unprintable ones")


def _count_refusal(database: Database, desk: KnownDesk, message: str) -> None:
    # Numbers differ from case to case; without them there are only a few reasons, and so only a few rows.
    reason = re.sub(r"-?[0-9]+", "#", message)[:200]
    if not _directory().may_count(desk.id, reason):
        return
    try:
        with database.system(Purpose.ROUTE) as session:
            desks.refuse(session, desk.id, reason, real_now())
    except (DatabaseUnavailable, SQLAlchemyError) as error:
        # Two processes may store the first one at once; the sender's answer does not depend on our counting.
        log.get("web").warning("refusal_not_counted", desk_id=desk.id, error=error)


def _answer(status: int, words: bytes) -> Response:
    return Response(words, status, content_type="application/json")


def _words(name: str, words: str) -> bytes:
    return json.dumps({name: words}).encode() + b"\n"


_STORED, _KNOWN = _words("status", "stored"), _words("status", "known")
_TOO_LARGE, _NO_DESK = _words("error", f"at most {MOST_BYTES} bytes"), _words("error", "no such desk")
_BAD_SIGNATURE, _NOT_STORED = _words("error", "bad signature"), _words("error", "not stored, please send it again")


@blueprint.errorhandler(Exception)
def _not_stored(error: Exception) -> Response:
    """Nothing was stored: say so in the way that makes this sender try again."""
    if isinstance(error, HTTPException):
        return _answer(error.code or 400, _words("error", error.name.lower()))
    log.get("web").error("webhook_not_stored", error=error)
    if g.get("webhook_kind") == "zendesk":
        return _answer(409, _NOT_STORED)
    answer = _answer(503, _NOT_STORED)
    answer.headers["Retry-After"] = RETRY_AFTER
    return answer
