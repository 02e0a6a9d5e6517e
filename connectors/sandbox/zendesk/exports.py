"""The incremental export of ticket events: every change since a moment, with its comments where they are asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, request

from connectors.sandbox.calls import answer, desk, number
from connectors.sandbox.refusals import Malformed
from connectors.sandbox.stamps import iso, read_iso
from connectors.sandbox.store import Db, Row
from connectors.sandbox.zendesk.answers import api_url, require_admin

api = Blueprint("zendesk_exports", __name__)

PAGE = 1000
#: What changed within it is not exported yet.
YOUNG = timedelta(seconds=60)

#: The export speaks to people where it names a channel.
_CHANNELS = {"web": "Web form", "api": "Web service (API)", "email": "Mail", "rule": "Rule"}


@api.get("/incremental/ticket_events")
def ticket_events() -> Response:
    """By time, oldest first; a page ends at `end_time`, from which the next one begins."""
    require_admin()
    start = number(request.args.get("start_time"), "start_time")
    youngest = desk().clock() - YOUNG
    if start > youngest.timestamp():
        raise Malformed("Too recent start_time. Use a start_time older than 60 seconds")
    since = iso(datetime.fromtimestamp(max(0, start), UTC))
    with desk().file.reading() as db:
        query = "SELECT * FROM audit WHERE created_at >= ? AND created_at <= ? ORDER BY created_at, id LIMIT ?"
        rows = db.execute(query, (since, iso(youngest), PAGE + 1)).fetchall()
        shown = rows if len(rows) <= PAGE else _whole_seconds(db, rows)
    end = int(read_iso(shown[-1]["created_at"]).timestamp()) + 1 if shown else start
    with_comments = "comment_events" in request.args.get("include", "").split(",")
    return answer(
        {
            "ticket_events": [_event(row, with_comments=with_comments) for row in shown],
            "count": len(shown),
            "end_time": end,
            "next_page": api_url(f"incremental/ticket_events.json?start_time={end}"),
            "end_of_stream": len(rows) <= PAGE,
        }
    )


def _whole_seconds(db: Db, rows: list[Row]) -> list[Row]:
    """Without the last second, which may go on behind the page; all of that second where the page has no other."""
    last = rows[-1]["created_at"]
    whole = [row for row in rows if row["created_at"] < last]
    return whole or db.execute("SELECT * FROM audit WHERE created_at = ? ORDER BY id", (last,)).fetchall()


def _event(row: Row, *, with_comments: bool) -> dict[str, Any]:
    children = [_child(event, row, with_comments=with_comments) for event in json.loads(row["events"])]
    return {
        "id": row["id"],
        "ticket_id": row["ticket_id"],
        "timestamp": int(read_iso(row["created_at"]).timestamp()),
        "created_at": row["created_at"],
        "updater_id": row["author_id"],
        "via": _CHANNELS.get(row["channel"], row["channel"]),
        "system": {"client": row["client"]} if row["client"] else {},
        "metadata": {"system": {"client": row["client"]}, "custom": json.loads(row["custom"])},
        "event_type": "Audit",
        "child_events": children,
    }


def _child(event: Mapping[str, Any], row: Row, *, with_comments: bool) -> dict[str, Any]:
    """One change within an event. A comment is only hinted at, unless comments were asked for."""
    shared = {"id": event["id"], "via": _CHANNELS.get(row["channel"], row["channel"]), "via_reference_id": None}
    if event["type"] != "Comment":
        return {**shared, "event_type": event["type"], event.get("field_name", "value"): event.get("value")}
    if not with_comments:
        return {**shared, "event_type": "Comment", "comment_present": True, "comment_public": event["public"]}
    told = {"event_type": "Comment", "created_at": row["created_at"], "audit_id": row["id"], "attachments": []}
    return {**shared, **told, **event, "plain_body": event["body"], "html_body": event["body"]}
