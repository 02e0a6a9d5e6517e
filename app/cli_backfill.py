"""`kintsugi desk backfill`: a desk's history, with a bar that says how far it is and how long it may still take."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from app.cli_base import AS_JSON, ON_DESK, Problem, find_desk, open_parts, show

if TYPE_CHECKING:
    from tasks.backfill import Standing

STEPS = 1000  #: of the bar
UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


@click.command("backfill")
@ON_DESK
@click.option("--since", metavar="SPAN|DATE", help="How far back, as in 90d, 12w or 2026-09-01. At first: 90d.")
@click.option("--status", "only_status", is_flag=True, help="Say how it stands, and do nothing.")
@AS_JSON
def backfill_desk(desk_name: str | None, since: str | None, only_status: bool, as_json: bool) -> None:
    """Import a desk's history: tickets, comments and ratings from before it was connected.

    They are scored and learned from. No case is opened, and nothing is written at the helpdesk. Ctrl-C stops it at any
    time; the same command goes on where it was.
    """
    from tasks import backfill

    with open_parts() as parts:
        row = find_desk(parts, desk_name)
        if only_status:
            found = backfill.standing(parts, row.id)
            show(_document(row.id, found), as_json, [_line(found)])
            return
        begin = read_since(since, parts.clock.now())
        found = _bring_in(lambda tell: backfill.run(parts, row.id, since=begin, tell=tell))
    show(_document(row.id, found), as_json, [_line(found)])


def _bring_in(run: Callable[[Callable[[Standing], None]], Standing]) -> Standing:
    from connectors.errors import ConnectorError
    from tasks.backfill import Busy

    try:
        with click.progressbar(
            length=STEPS, label="Importing history", file=sys.stderr, show_eta=False, item_show_func=_beside
        ) as bar:
            return run(lambda standing: bar.update(round(standing.share * STEPS) - bar.pos, standing))
    except KeyboardInterrupt:
        raise Problem("stopped; the same command goes on where it was") from None
    except Busy:
        raise Problem("an import of this desk is under way, or ended without a word: try again in 2 minutes") from None
    except ConnectorError as error:
        raise Problem(f"{error}; the same command goes on where it was") from error
    except ValueError as error:
        raise Problem(str(error)) from error


def read_since(text: str | None, now: datetime) -> datetime | None:
    """A span back from now, or a date (UTC). Raises UsageError."""
    if text is None:
        return None
    span = re.fullmatch(r"([1-9][0-9]{0,3})([hdw])", text)
    try:
        found = now - int(span[1]) * UNITS[span[2]] if span else datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise click.UsageError(f"--since: must be like 90d, 12w or 2026-09-01, got {text[:40]!r}") from error
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    if found >= now:
        raise click.UsageError(f"--since: must be in the past, got {text[:40]!r}")
    return found


def _beside(standing: Standing | None) -> str:
    """What is said beside the bar."""
    if standing is None:
        return ""
    said = f"{standing.imported} tickets, {standing.ratings} ratings"
    if standing.waiting_until is not None:
        return f"{said}; waiting for calls until {standing.waiting_until:%H:%M:%S} UTC"
    return f"{said}; about {_span(standing.left)} left" if standing.left is not None else said


def _span(span: timedelta) -> str:
    minutes = round(span / timedelta(minutes=1))
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{max(1, minutes)} min"


def _state(standing: Standing | None) -> str:
    if standing is None:
        return "none"
    return "done" if standing.finished_at else "running" if standing.running else "stopped"


def _line(standing: Standing | None) -> str:
    if standing is None:
        return "No history was imported yet: kintsugi desk backfill --since 90d"
    left = "" if standing.left is None or standing.finished_at else f", about {_span(standing.left)} left"
    return (
        f"{_state(standing)}: {standing.share:.0%} of {standing.since:%Y-%m-%d} to {standing.until:%Y-%m-%d}{left}; "
        f"{standing.imported} tickets and {standing.ratings} ratings imported, {standing.skipped} left out, "
        f"{standing.failed} failed"
    )


def _document(desk_id: int, standing: Standing | None) -> dict[str, Any]:
    if standing is None:
        return {"desk": desk_id, "state": "none"}
    return {
        "desk": desk_id,
        "state": _state(standing),
        "since": standing.since.isoformat(),
        "until": standing.until.isoformat(),
        "reached": standing.reached.isoformat(),
        "share": round(standing.share, 4),
        "imported": standing.imported,
        "ratings": standing.ratings,
        "left_out": standing.skipped,
        "failed": standing.failed,
        "eta_seconds": standing.left.total_seconds() if standing.left is not None else None,
    }
