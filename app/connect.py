"""Stored desks to opened connectors, and the registry of kinds. No SQL of its own, no HTTP of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.governor import SHARE, Budget, Governor, Lane
from app.store import desks
from app.store.database import Database
from app.store.models import Desk
from app.tokens import LEASE, DeskTokens
from connectors.base import Connector, ConnectorKind, Line
from connectors.freshdesk import FRESHDESK
from connectors.granting import Authorizer
from connectors.zendesk import AUTHORIZER, ZENDESK

#: Every kind of helpdesk we connect to. Adding one is a folder under connectors/ and a line here.
KINDS: Mapping[str, ConnectorKind] = {kind.name: kind for kind in (ZENDESK, FRESHDESK)}

#: Kinds whose desks can be connected by a person's consent on the web, by OAuth.
AUTHORIZERS: Mapping[str, Authorizer] = {ZENDESK.name: AUTHORIZER}


def kind_named(name: str) -> ConnectorKind:
    """Raises ValueError, naming the kinds there are."""
    if name not in KINDS:
        raise ValueError(f"kind: {name[:40]!r} is none of {', '.join(sorted(KINDS))}")
    return KINDS[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Connections:
    """Opens a desk's connector for the length of a task."""

    database: Database
    governor: Governor
    now: Callable[[], datetime]
    timeout: float  #: seconds, for one call
    share: float = SHARE  #: of an account's allowances, where a desk has no setting of its own

    @contextmanager
    def open(self, desk_id: int, *, lane: Lane | Callable[[], Lane] = Lane.SIDEBAR) -> Iterator[Connector]:
        """The desk's connector, closed afterwards; its calls are made in `lane`, or in what that says at their time.

        Raises NotFound (store) for a desk that is gone, ValueError for credentials that cannot be right.
        """
        with self.database.desk(desk_id, read=True) as session:
            desk = desks.get(session, desk_id)
            credentials = desks.credentials(session, desk)
        connector = self.open_with(
            desk.kind,
            subdomain=desk.subdomain,
            base_url=desk.base_url,
            credentials=credentials,
            line=self._line(desk, lane),
        )
        try:
            yield connector
        finally:
            connector.close()

    def open_with(
        self,
        kind: str,
        *,
        subdomain: str,
        base_url: str | None,
        credentials: Mapping[str, str],
        line: Line | None = None,
    ) -> Connector:
        """A connector for credentials that are not stored yet, to check them before they are. Raises ValueError."""
        return kind_named(kind).open(
            subdomain=subdomain,
            base_url=base_url,
            credentials=credentials,
            line=line or Line(now=self.now, timeout=self.timeout),
        )

    def budget(self, desk: Desk) -> Budget:
        """The desk's part of its account's allowances."""
        share = float(desk.settings.get("call_share", self.share))
        return Budget(desk_id=desk.id, allowances=KINDS[desk.kind].allowances, share=min(max(share, 0.01), 1.0))

    def tokens(self, desk_id: int) -> DeskTokens:
        """The desk's tokens; a renewal is given more time than its one call may take."""
        return DeskTokens(self.database, desk_id, lease=LEASE + timedelta(seconds=self.timeout))

    def _line(self, desk: Desk, lane: Lane | Callable[[], Lane]) -> Line:
        budget = self.budget(desk)
        in_lane = (lambda: lane) if isinstance(lane, Lane) else lane
        return Line(
            now=self.now,
            observe=self.governor.observer(budget.desk_id, budget.allowances),
            gate=self.governor.gate(budget, in_lane),
            tokens=self.tokens(desk.id),
            own_id=desk.integration_user_id,
            timeout=self.timeout,
        )


def read_credentials(text: str) -> dict[str, str]:
    """A secret file's JSON object of strings. Raises ValueError that names the field; values are never quoted."""
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"secret file: not JSON (line {error.lineno}, column {error.colno})") from error
    if not isinstance(document, dict):
        raise ValueError("secret file: must be a JSON object")
    for name, value in document.items():
        if not isinstance(value, str) or not value:
            raise ValueError(f"secret file: {name}: must be a non-empty string")
    return document
