"""Organisations that end users belong to, by the domain of their address. Freshdesk calls them companies."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from connectors.sandbox.refusals import Invalid, Missing
from connectors.sandbox.store import Db, Row, insert, next_id, to_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    id: int
    name: str
    domains: tuple[str, ...]
    created_at: str
    updated_at: str


def organization_of(row: Row) -> Organization:
    return Organization(**{**dict(row), "domains": tuple(json.loads(row["domains"]))})


def find(db: Db, organization_id: int) -> Organization | None:
    row = db.execute("SELECT * FROM organization WHERE id = ?", (organization_id,)).fetchone()
    return None if row is None else organization_of(row)


def get(db: Db, organization_id: int) -> Organization:
    """Raises Missing."""
    found = find(db, organization_id)
    if found is None:
        raise Missing(f"no organization {organization_id}")
    return found


def many(db: Db, ids: Sequence[int]) -> list[Organization]:
    """Those of the organisations that exist, by id."""
    marks = ", ".join("?" * len(ids))
    rows = db.execute(f"SELECT * FROM organization WHERE id IN ({marks}) ORDER BY id", tuple(ids))
    return [organization_of(row) for row in rows]


def add(db: Db, *, name: str, domains: Sequence[str], now: str) -> Organization:
    """Raises Invalid for a name that is taken."""
    if db.execute("SELECT 1 FROM organization WHERE name = ?", (name,)).fetchone():
        raise Invalid({"name": f"Name: {name} has already been taken"})
    organization_id = next_id(db)
    words = to_json([domain.strip().lower() for domain in domains if domain.strip()])
    insert(db, "organization", id=organization_id, name=name, domains=words, created_at=now, updated_at=now)
    return get(db, organization_id)


def find_by_address(db: Db, email: str | None) -> int | None:
    """The id of the organisation whose domain the address has."""
    domain = (email or "").rpartition("@")[2].lower()
    row = db.execute(
        "SELECT organization.id FROM organization, json_each(organization.domains) AS domain"
        " WHERE domain.value = ? ORDER BY organization.id",
        (domain,),
    ).fetchone()
    return None if row is None else int(row[0])
