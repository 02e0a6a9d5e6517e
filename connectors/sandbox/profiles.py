"""The fields of an account's own making that people and organisations carry, by their keys."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from connectors.sandbox import organizations, people
from connectors.sandbox.store import Db, to_json


def put(db: Db, owner_id: int, fields: Mapping[str, Any]) -> None:
    """Set the fields of a user or an organisation. Raises Missing for an id that is neither's."""
    if people.find(db, owner_id) is None:
        organizations.get(db, owner_id)
    db.execute("INSERT OR REPLACE INTO profile (owner_id, fields) VALUES (?, ?)", (owner_id, to_json(dict(fields))))


def of(db: Db, owner_id: int) -> dict[str, Any]:
    """Empty where nobody set any."""
    row = db.execute("SELECT fields FROM profile WHERE owner_id = ?", (owner_id,)).fetchone()
    found: dict[str, Any] = {} if row is None else json.loads(row[0])
    return found
