"""Stored desks to opened connectors, and the registry of kinds. No SQL of its own, no HTTP of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from app.governor import Governor
from app.store import desks
from app.store.database import Database
from connectors.base import CallObserver, Connector, ConnectorKind, Line
from connectors.zendesk import ZENDESK

#: Every kind of helpdesk we connect to. Adding one is a folder under connectors/ and a line here.
KINDS: Mapping[str, ConnectorKind] = {kind.name: kind for kind in (ZENDESK,)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Connections:
    """Opens a desk's connector for the length of a task."""

    database: Database
    governor: Governor
    now: Callable[[], datetime]
    timeout: float  #: seconds, for one call

    @contextmanager
    def open(self, desk_id: int) -> Iterator[Connector]:
        """The desk's connector, closed afterwards. Raises NotFound (store) for a desk that is gone, ValueError for
        credentials that cannot be right."""
        with self.database.desk(desk_id, read=True) as session:
            desk = desks.get(session, desk_id)
            credentials = desks.credentials(session, desk)
        connector = self.open_with(
            desk.kind,
            subdomain=desk.subdomain,
            base_url=desk.base_url,
            credentials=credentials,
            observe=self.governor.observer(desk_id),
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
        observe: CallObserver | None = None,
    ) -> Connector:
        """A connector for credentials that are not stored yet, to check them before they are."""
        return KINDS[kind].open(
            subdomain=subdomain,
            base_url=base_url,
            credentials=credentials,
            line=Line(now=self.now, observe=observe, timeout=self.timeout),
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
