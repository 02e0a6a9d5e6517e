"""The commands of `kintsugi desk` that export and erase one customer."""

from __future__ import annotations

import json

import click

from app.cli_base import AS_JSON, ON_DESK, find_desk, open_parts, show


@click.command("export")
@click.argument("person")
@ON_DESK
def export_person(person: str, desk_name: str | None) -> None:
    """Print all that is kept of PERSON (an e-mail address or the helpdesk's id) as one JSON document."""
    from tasks import personal

    with open_parts() as parts:
        document = personal.export_person(parts, find_desk(parts, desk_name).id, person)
    click.echo(json.dumps(document, ensure_ascii=False))


@click.command("erase")
@click.argument("person")
@ON_DESK
@click.option("--yes", is_flag=True, help="Really do it.")
@AS_JSON
def erase_person(person: str, desk_name: str | None, yes: bool, as_json: bool) -> None:
    """Erase PERSON (an e-mail address or the helpdesk's id) with everything they wrote. Numbers without a name stay."""
    from app.store.personal import counts
    from tasks import personal

    with open_parts() as parts:
        row = find_desk(parts, desk_name)
        if not yes:
            raise click.UsageError("this cannot be taken back; say --yes")
        erased = personal.erase_person(parts, row.id, person)
    found = counts(erased)
    lines = [f"Erased: {', '.join(f'{number} {name}' for name, number in found.items())}."]
    show(dict(found), as_json, lines)
