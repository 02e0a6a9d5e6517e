"""The commands that make what Kintsugi needs at a helpdesk, and take it away."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from app.cli_base import AS_JSON, ON_DESK, Problem, find_desk, open_parts, show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.installing import Change

_DOES = {"make": "makes", "mend": "mends", "keep": "keeps", "by hand": "yours"}


@click.command("install")
@ON_DESK
@click.option("--dry-run", is_flag=True, help="Show the plan and change nothing.")
@click.option(
    "--webhook",
    type=click.Choice(["events", "trigger"]),
    default="events",
    show_default=True,
    help="How the webhook is called; `trigger` where the account has no ticket events.",
)
@AS_JSON
def install_desk(desk_name: str | None, dry_run: bool, webhook: str, as_json: bool) -> None:
    """Create webhook, rules, ticket fields, views and macros at the helpdesk. Repeating it is harmless."""
    from app import desk_install
    from connectors.errors import ConnectorError

    by_rule = webhook == "trigger"
    refused: list[Change] = []
    with open_parts() as parts:
        row = find_desk(parts, desk_name)
        try:
            planned = desk_install.plan(parts, row.id, by_rule=by_rule)
            _show_plan(planned)
            if not dry_run:
                refused.extend(desk_install.install(parts, row.id, by_rule=by_rule).refused)
        except (ConnectorError, ValueError) as error:
            raise Problem(str(error)) from error
    document = _document(planned, done=not dry_run) | {"refused": [_line(change) for change in refused]}
    show(document, as_json, [] if dry_run else _outcome(row.name, refused))
    if refused:
        sys.exit(1)


def _outcome(name: str, refused: Sequence[Change]) -> list[str]:
    left = [f"left   {change.thing}: {change.title}. {change.note}" for change in refused]
    return [*left, f"{name} is installed, but for what was refused." if left else f"{name} is installed."]


def _show_plan(planned: Sequence[Change]) -> None:
    for change in planned:
        by_hand = f". By hand: {change.note}" if change.note else ""
        click.echo(f"{_DOES[change.doing]:5}  {change.thing}: {change.title}{by_hand}", err=True)
    click.echo("tags   come with their first use; the state field's description lists them", err=True)


def _document(planned: Sequence[Change], *, done: bool) -> dict[str, object]:
    return {"done": done, "changes": [_line(change) for change in planned]}


def _line(change: Change) -> dict[str, str]:
    line = {"does": change.doing.value, "thing": change.thing.value, "key": change.key, "title": change.title}
    return line | ({"note": change.note} if change.note else {})


@click.command("uninstall")
@ON_DESK
@AS_JSON
def uninstall_desk(desk_name: str | None, as_json: bool) -> None:
    """Take away what `desk install` made. What somebody has changed since stays, with a note."""
    from app import desk_install
    from connectors.errors import ConnectorError

    with open_parts() as parts:
        row = find_desk(parts, desk_name)
        try:
            done = desk_install.uninstall(parts, row.id)
        except (ConnectorError, ValueError) as error:
            raise Problem(str(error)) from error
    lines = [
        f"{'left' if one.note else 'gone'}  {one.made.thing}: {one.made.title} {one.note}".rstrip() for one in done
    ]
    document = [{"thing": one.made.thing.value, "title": one.made.title, "note": one.note} for one in done]
    show(document, as_json, lines or ["There was nothing of ours at the helpdesk."])
    if any(one.note for one in done):
        sys.exit(1)
