"""The commands of connected helpdesk accounts."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from app.cli_base import AS_JSON, ON_DESK, Problem, find_desk, open_parts, show


@click.group()
def desk() -> None:
    """Connected helpdesk accounts."""


class Kind(click.ParamType[str]):
    """A kind of helpdesk that there is a connector for; the registry is imported only when one is named."""

    name = "kind"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from app.connect import kind_named

        try:
            return kind_named(value).name
        except ValueError as error:
            self.fail(str(error), param, ctx)


@desk.command("add")
@click.argument("kind", type=Kind(), metavar="[zendesk|freshdesk]")
@click.option("--name", required=True)
@click.option("--subdomain", required=True)
@click.option("--base-url", help="A sandbox on this machine.")
@click.option("--secret-file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@AS_JSON
def add_desk(
    kind: str, name: str, subdomain: str, base_url: str | None, secret_file: Path | None, as_json: bool
) -> None:
    """Connect a helpdesk account. Secrets come from a JSON file or KINTSUGI_DESK_<KEY>, never from arguments."""
    from app import desk_setup

    try:
        secrets = desk_setup.read_secrets(secret_file, os.environ)
        with open_parts() as parts:
            added = desk_setup.add(parts, kind=kind, name=name, subdomain=subdomain, base_url=base_url, secrets=secrets)
    except ValueError as error:
        raise Problem(str(error)) from error
    for warning in added.warnings:
        click.echo(f"warning: {warning}", err=True)
    document = {"desk": added.desk_id, "key": added.key, "webhook_path": f"/hooks/{added.key}"}
    show(document, as_json, [f"Desk {added.desk_id} is connected.", f"Its webhook path is /hooks/{added.key}"])


@desk.command("list")
@AS_JSON
def list_desks(as_json: bool) -> None:
    """The desks and how they are."""
    from app.store import desks
    from app.store.database import Purpose

    with open_parts() as parts, parts.database.system(Purpose.OPERATE, read=True) as session:
        found = [
            {"desk": row.id, "name": row.name, "kind": row.kind, "state": row.state.value, "reason": row.reason}
            for row in desks.all_of(session)
        ]
    lines = [f"{row['desk']}  {row['name']}  {row['kind']}  {row['state']}  {row['reason'] or ''}" for row in found]
    show(found, as_json, lines or ["No desk is connected yet: kintsugi desk add --help"])


@desk.command("check")
@ON_DESK
@AS_JSON
def check_desk(desk_name: str | None, as_json: bool) -> None:
    """Ask the helpdesk real questions: credentials, permissions, webhook, limits."""
    from connectors.errors import ConnectorError

    with open_parts() as parts:
        row = find_desk(parts, desk_name)
        try:
            with parts.connections.open(row.id) as connector:
                found = list(connector.check())
        except (ConnectorError, ValueError) as error:
            raise Problem(str(error)) from error
    lines = [f"{'ok ' if one.ok else 'BAD'}  {one.name}: {one.detail} {one.remedy}".rstrip() for one in found]
    document = [{"name": one.name, "ok": one.ok, "detail": one.detail, "remedy": one.remedy} for one in found]
    show(document, as_json, lines)
    if not all(one.ok for one in found):
        sys.exit(1)


@desk.command("resume")
@ON_DESK
def resume_desk(desk_name: str | None) -> None:
    """Take up work again on a desk that was paused."""
    from app.clock import real_now
    from app.store import audit, desks

    with open_parts() as parts:
        row = find_desk(parts, desk_name)
        with parts.database.desk(row.id) as session:
            desks.resume(session, row.id)
            audit.record(session, by=audit.OPERATOR, did="desk.resumed", what=f"desk:{row.id}", at=real_now())
    click.echo(f"{row.name} is active.", err=True)


@desk.command("change")
@ON_DESK
@click.option("--secret-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="As for `desk add`.")
@click.option("--lead-email", "leads", multiple=True, help="Who is alerted; may be given several times.")
@click.option("--webhook", "webhooks", multiple=True, metavar="NAME=URL", help="An alert webhook, by name.")
@click.option("--automation-may-speak", type=bool, help="Whether protocols may write to customers: yes or no.")
@click.option("--survey-cooldown-days", type=click.IntRange(0, 365), help="Between two surveys to one person.")
@click.option("--survey-id", metavar="ID", help="Which of the helpdesk's own surveys is offered; empty: the usual one.")
@click.option("--calendar", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Hours, YAML or JSON.")
@click.option("--no-calendar", is_flag=True, help="Count calendar hours again.")
@click.option("--causes", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Causes, vendors: YAML.")
@click.option("--field", "fields", multiple=True, metavar="NAME=ID", help="What a custom field says; no ID: none does.")
@click.option("--customer", multiple=True, metavar="NAME=OWNER.FIELD", help="Whose field tells tier or value.")
@click.option("--good-from", metavar="SCORE", help="The score from which it is good; empty: where the model says.")
@click.option("--languages", metavar="CODES", help="What customers write in, such as de,fr; empty: anything.")
@click.option("--call-share", type=click.FloatRange(0.01, 1), help="Our share of the helpdesk's allowances.")
def change_desk(desk_name: str | None, secret_file: Path | None, **given: Any) -> None:
    """Change a desk's credentials, webhook secret, sidebar key, hours, fields, or whom its alerts go to."""
    from app import desk_setup

    try:
        settings = desk_setup.read_settings(given)
        secrets = desk_setup.read_secrets(secret_file, {}) if secret_file else None
        with open_parts() as parts:
            changed = desk_setup.change(parts, find_desk(parts, desk_name).id, secrets=secrets, settings=settings)
    except ValueError as error:
        raise Problem(str(error)) from error
    click.echo(f"Changed: {', '.join(changed)}." if changed else "Nothing to change.", err=True)


@desk.command("remove")
@ON_DESK
@click.option("--yes", is_flag=True, help="Really do it.")
def remove_desk(desk_name: str | None, yes: bool) -> None:
    """Take away what `desk install` made, and erase everything stored of the desk."""
    from app import desk_install
    from app.store import removal
    from app.store.database import Purpose

    with open_parts() as parts:
        row = find_desk(parts, desk_name)
        if not yes:
            raise click.UsageError(f"this erases everything stored of {row.name!r} for good; say --yes")
        for note in desk_install.clear(parts, row.id):
            click.echo(f"still at the helpdesk: {note}", err=True)
        with parts.database.system(Purpose.OPERATE) as session:
            erased = removal.remove(session, row.id)
    click.echo(f"{row.name} is erased, {erased} rows.", err=True)
