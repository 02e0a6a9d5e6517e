"""The audit log of a desk: looked through, and taken along as a file that is written while it is read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from app.clock import real_now
from app.store import accounts, audit
from app.store.audit import Wanted
from app.store.database import Database, Purpose
from app.store.models import AuditEntry, Role
from app.web.access import requires
from app.web.context import desk_id, parts

blueprint = Blueprint("audit", __name__, url_prefix="/audit")

COLUMNS = ("id", "at", "by", "email", "did", "what", "detail")


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What was typed into the filters, and what is wrong with it, by field."""

    typed: Mapping[str, str]
    wanted: Wanted
    slips: Mapping[str, str]


@blueprint.get("")
@requires(Role.ADMIN)
def index() -> ResponseReturnValue:
    looked, before = _looked(), request.args.get("before", "")
    older_than = int(before) if before.isascii() and before.isdecimal() and len(before) < 19 else None
    with parts().database.desk(desk_id(), read=True) as session:
        page = audit.page(session, looked.wanted, older_than=older_than)
    emails = _emails(parts().database, page.entries)
    rendered = render_template("audit/index.html", page=page, emails=emails, looked=looked, now=real_now())
    return rendered, 422 if looked.slips else 200


@blueprint.get("/export")
@requires(Role.ADMIN)
def export() -> ResponseReturnValue:
    """All entries that the filters find, oldest first, as CSV or as JSON lines."""
    looked, form = _looked(), request.args.get("as", "csv")
    if looked.slips or form not in _FORMS:
        abort(422)
    write, media_type, ending = _FORMS[form]
    lines = _lines(parts().database, desk_id(), looked.wanted, write)
    answer = Response(lines, content_type=media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="audit-{real_now():%Y-%m-%d}.{ending}"'
    return answer


def _looked() -> Looked:
    typed = {name: request.args.get(name, "").strip()[:254] for name in ("by", "did", "what", "since", "until")}
    slips: dict[str, str] = {}
    since, until = (_day(typed, name, slips) for name in ("since", "until"))
    wanted = Wanted(
        by=_who(typed["by"]) or None,
        did=typed["did"] or None,
        what=typed["what"] or None,
        since=since,
        until=until and until + timedelta(days=1),
    )
    return Looked(typed=typed, wanted=wanted, slips=slips)


def _day(typed: Mapping[str, str], name: str, slips: dict[str, str]) -> datetime | None:
    if not typed[name]:
        return None
    try:
        day = date.fromisoformat(typed[name])
    except ValueError:
        slips[name] = "This is not a day, such as 2026-03-02."
        return None
    if not 1970 <= day.year <= 9000:
        slips[name] = "This day is too far away."
        return None
    return datetime.combine(day, time(), tzinfo=UTC)


def _who(typed: str) -> str:
    """An address stands for its account; anything else is taken as it is kept."""
    if "@" not in typed:
        return typed
    with parts().database.system(Purpose.SIGN_IN, read=True) as session:
        account = accounts.find_by_email(session, typed)
    return f"account:{account.id}" if account else typed


def _emails(database: Database, entries: Sequence[AuditEntry]) -> Mapping[str, str]:
    """The addresses of the accounts that entries name, by "account:7"."""
    wanted = audit.account_ids(entries)
    with database.system(Purpose.SIGN_IN, read=True) as session:
        return {f"account:{number}": email for number, email in accounts.emails(session, wanted).items()}


def _lines(database: Database, desk: int, wanted: Wanted, write: Callable[..., str]) -> Iterator[str]:
    """The file piece by piece, each in a transaction of its own, so that a slow reader holds none open."""
    last, emails, first = 0, dict[str, str](), True
    while True:
        with database.desk(desk, read=True) as session:
            entries = audit.after(session, wanted, last)
        emails.update(_emails(database, entries))
        yield write(entries, emails, first)
        if not entries:
            return
        last, first = entries[-1].id, False


def _values(entry: AuditEntry, emails: Mapping[str, str]) -> dict[str, object]:
    at = entry.at.isoformat().replace("+00:00", "Z")
    values = (entry.id, at, entry.by, emails.get(entry.by), entry.did, entry.what, entry.detail)
    return dict(zip(COLUMNS, values, strict=True))


def _as_csv(entries: Sequence[AuditEntry], emails: Mapping[str, str], first: bool) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    if first:
        writer.writerow(COLUMNS)
    for entry in entries:
        values = _values(entry, emails)
        values["detail"] = json.dumps(entry.detail, ensure_ascii=False) if entry.detail else ""
        writer.writerow([_harmless(value) for value in values.values()])
    return text.getvalue()


def _as_lines(entries: Sequence[AuditEntry], emails: Mapping[str, str], _first: bool) -> str:
    return "".join(json.dumps(_values(entry, emails), ensure_ascii=False) + "\n" for entry in entries)


def _harmless(value: object) -> object:
    """Spreadsheets take a cell that begins like this for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


_FORMS: Mapping[str, tuple[Callable[..., str], str, str]] = {
    "csv": (_as_csv, "text/csv; charset=utf-8", "csv"),
    "jsonl": (_as_lines, "application/jsonl; charset=utf-8", "jsonl"),
}
