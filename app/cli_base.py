"""What every command shares: settings, joined parts, the desk that is meant, output, exit codes. No commands here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from app.settings import Settings
    from app.store.models import Desk
    from tasks.parts import Parts


class Problem(click.ClickException):
    """Something found wrong, in words; exit code 1."""

    exit_code = 1


class Commands(click.Group):
    """Turns errors that are written for people into a line on stderr and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        from app.settings import SettingsError
        from app.store.database import DatabaseUnavailable

        try:
            return super().invoke(ctx)
        except SettingsError as error:
            raise click.UsageError(str(error)) from error
        except DatabaseUnavailable as error:
            raise Problem("the database does not answer: check KINTSUGI_DATABASE_URL and that it runs") from error


def read_settings() -> Settings:
    from app import log, settings

    loaded = settings.load()
    log.configure(loaded.log_level)
    return loaded


@contextmanager
def open_parts() -> Iterator[Parts]:
    """The joined parts, on a database at the newest schema."""
    from app import factory
    from app.store import schema

    parts = factory.build(read_settings())
    try:
        if parts.settings.embedded:
            schema.migrate(parts.database)
        elif (wrong := schema.behind(parts.database)) is not None:
            raise Problem(wrong)
        yield parts
    finally:
        parts.database.close()


def show(document: Any, as_json: bool, lines: list[str]) -> None:
    if as_json:
        click.echo(json.dumps(document))
    else:
        for line in lines:
            click.echo(line)


def find_desk(parts: Parts, name: str | None) -> Desk:
    """The desk of that name or number; without one, the only desk there is."""
    from app.store import desks
    from app.store.database import Purpose

    with parts.database.system(Purpose.OPERATE, read=True) as session:
        found = [desk for desk in desks.all_of(session) if name is None or name in (desk.name, str(desk.id))]
    if len(found) != 1:
        raise click.UsageError(
            "--desk: " + ("there is no such desk" if name else "say which, there is not exactly one")
        )
    return found[0]


AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
ON_DESK = click.option("--desk", "desk_name", help="A desk's name or number; may be left out when there is one.")
