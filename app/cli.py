"""The `kintsugi` command. Each command parses, calls one thing, and prints; what it imports it imports when it runs, so
that `--help` is quick and a scoring on files needs no database."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
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


@click.group(cls=Commands)
def main() -> None:
    """Kintsugi: service recovery for Zendesk and Freshdesk."""


def _settings() -> Settings:
    from app import log, settings

    loaded = settings.load()
    log.configure(loaded.log_level)
    return loaded


@contextmanager
def _parts() -> Iterator[Parts]:
    """The joined parts, on a database at the newest schema."""
    from app import factory
    from app.store import schema

    parts = factory.build(_settings())
    try:
        if parts.settings.embedded:
            schema.migrate(parts.database)
        elif (wrong := schema.behind(parts.database)) is not None:
            raise Problem(wrong)
        yield parts
    finally:
        parts.database.close()


def _show(document: Any, as_json: bool, lines: list[str]) -> None:
    if as_json:
        click.echo(json.dumps(document))
    else:
        for line in lines:
            click.echo(line)


def _desk(parts: Parts, name: str | None) -> Desk:
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


@main.command()
@click.option("--embedded", is_flag=True, required=True, help="Web, worker and dispatcher in one process.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
@click.option("--data", type=click.Path(path_type=Path), help="The data directory; also KINTSUGI_DATA_DIR.")
@click.option("--child", is_flag=True, hidden=True)
def serve(embedded: bool, port: int, data: Path | None, child: bool) -> None:
    """Run the whole product with its sandbox helpdesk."""
    from app import keeper

    if data is not None:
        os.environ["KINTSUGI_DATA_DIR"] = str(data)
    if not child:
        sys.exit(keeper.keep([sys.executable, "-m", "app.cli", "serve", "--embedded", "--child", "--port", str(port)]))
    from app.embedded import CannotServe
    from app.embedded import serve as run

    try:
        run(_settings(), port=port, say=click.echo)
    except CannotServe as error:
        raise Problem(str(error)) from error


@main.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8001, show_default=True)
@click.option("--file", type=click.Path(path_type=Path), help="Its SQLite file; by default in the data directory.")
@AS_JSON
def sandbox(port: int, file: Path | None, as_json: bool) -> None:
    """Run the sandbox helpdesk alone, until it is stopped."""
    import signal
    import threading

    from app.clock import Clock
    from connectors.sandbox.server import Sandbox

    settings = _settings()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    try:
        server = Sandbox(
            file=file or settings.data_dir / "sandbox.sqlite", now=Clock(settings.clock_file).now, port=port
        )
        server.start()
    except OSError as error:
        raise Problem(f"port {port} is in use; choose another one with --port") from error
    lines = [f"The sandbox helpdesk is running at {server.url}", f"It takes mail at 127.0.0.1:{server.smtp_port}"]
    _show({"url": server.url, "smtp_port": server.smtp_port}, as_json, lines)
    while not stop.wait(1.0):
        pass
    server.stop()


@main.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    from app import factory
    from app.store import schema

    parts = factory.build(_settings())
    click.echo(f"The schema is at {schema.migrate(parts.database)}.", err=True)


@main.group()
def desk() -> None:
    """Connected helpdesk accounts."""


@desk.command("add")
@click.argument("kind", type=click.Choice(["zendesk"]))
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
        with _parts() as parts:
            added = desk_setup.add(parts, kind=kind, name=name, subdomain=subdomain, base_url=base_url, secrets=secrets)
    except ValueError as error:
        raise Problem(str(error)) from error
    for warning in added.warnings:
        click.echo(f"warning: {warning}", err=True)
    document = {"desk": added.desk_id, "key": added.key, "webhook_path": f"/hooks/{added.key}"}
    _show(document, as_json, [f"Desk {added.desk_id} is connected.", f"Its webhook path is /hooks/{added.key}"])


@desk.command("list")
@AS_JSON
def list_desks(as_json: bool) -> None:
    """The desks and how they are."""
    from app.store import desks
    from app.store.database import Purpose

    with _parts() as parts, parts.database.system(Purpose.OPERATE, read=True) as session:
        found = [
            {"desk": row.id, "name": row.name, "kind": row.kind, "state": row.state.value, "reason": row.reason}
            for row in desks.all_of(session)
        ]
    lines = [f"{row['desk']}  {row['name']}  {row['kind']}  {row['state']}  {row['reason'] or ''}" for row in found]
    _show(found, as_json, lines or ["No desk is connected yet: kintsugi desk add --help"])


@desk.command("check")
@ON_DESK
@AS_JSON
def check_desk(desk_name: str | None, as_json: bool) -> None:
    """Ask the helpdesk real questions: credentials, permissions, webhook, limits."""
    from connectors.errors import ConnectorError

    with _parts() as parts:
        row = _desk(parts, desk_name)
        try:
            with parts.connections.open(row.id) as connector:
                found = list(connector.check())
        except (ConnectorError, ValueError) as error:
            raise Problem(str(error)) from error
    lines = [f"{'ok ' if one.ok else 'BAD'}  {one.name}: {one.detail} {one.remedy}".rstrip() for one in found]
    document = [{"name": one.name, "ok": one.ok, "detail": one.detail, "remedy": one.remedy} for one in found]
    _show(document, as_json, lines)
    if not all(one.ok for one in found):
        sys.exit(1)


@desk.command("resume")
@ON_DESK
def resume_desk(desk_name: str | None) -> None:
    """Take up work again on a desk that was paused."""
    from app.store import desks
    from app.store.database import Purpose

    with _parts() as parts:
        row = _desk(parts, desk_name)
        with parts.database.system(Purpose.OPERATE) as session:
            desks.resume(session, row.id)
    click.echo(f"{row.name} is active.", err=True)


@main.command()
@click.argument("file", type=click.File("r", encoding="utf-8"), default="-")
def score(file: Any) -> None:
    """Score conversations: JSON lines in, JSON lines out."""
    from app.scoring.lines import score_line
    from app.scoring.model import load_prior
    from app.settings import prior_name

    model = load_prior(prior_name())
    bad = 0
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            click.echo(json.dumps(score_line(json.loads(line), model), ensure_ascii=False))
        except ValueError as error:
            bad += 1
            said = f"not JSON (column {error.colno})" if isinstance(error, json.JSONDecodeError) else str(error)
            click.echo(f"line {number}: {said}", err=True)
    if bad:
        sys.exit(1)


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--database-url", help="Replay through worker and web processes on this PostgreSQL instead.")
@click.option("--broker-url", help="The Redis for that.")
@AS_JSON
def replay(file: Path, database_url: str | None, broker_url: str | None, as_json: bool) -> None:
    """Play recorded conversations through a sandbox and the whole pipeline."""
    from app import rehearsal, replay

    try:
        conversations = replay.read(file)
        stage = rehearsal.Stage(settings=_settings(), database_url=database_url, broker_url=broker_url)
        report = rehearsal.perform(stage, conversations)
    except replay.ReplayError as error:
        raise Problem(str(error)) from error
    _show(report, as_json, [f"{name}: {value}" for name, value in report.items()])


@main.group()
def report() -> None:
    """The numbers behind the pages."""


@report.command("funnel")
@ON_DESK
@AS_JSON
def report_funnel(desk_name: str | None, as_json: bool) -> None:
    """From eligible to recovered: how many cases got how far."""
    from app import reports

    with _parts() as parts:
        document = reports.funnel(parts.database, _desk(parts, desk_name).id)
    _show(document, as_json, [f"{name}: {value}" for name, value in document.items()])


@main.group()
def user() -> None:
    """People who sign in."""


@user.command("add")
@click.argument("email")
@click.option("--role", type=click.Choice(["agent", "lead", "admin"]), required=True)
@ON_DESK
def add_user(email: str, role: str, desk_name: str | None) -> None:
    """Invite a person: prints a link that works once, or takes a password from standard input."""
    from app import setting_up

    password = None if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n") or None
    with _parts() as parts:
        desk_id = _desk(parts, desk_name).id if desk_name else None
        try:
            link = setting_up.add_person(parts, email=email, role=role, desk_id=desk_id, password=password)
        except ValueError as error:
            raise Problem(str(error)) from error
    click.echo(link or f"{email} can sign in.")


@main.command()
@click.option("--new-key", is_flag=True, help="Print a fresh key for KINTSUGI_SECRET_KEYS and do nothing else.")
@AS_JSON
def doctor(new_key: bool, as_json: bool) -> None:
    """How the installation is, with a remedy per finding."""
    if new_key:
        from app.settings import new_key as make

        click.echo(make())
        return
    from app import doctor as examination

    found = examination.examine(_settings())
    lines = [f"{'ok ' if one.ok else 'BAD'}  {one.name}: {one.detail} {one.remedy}".rstrip() for one in found]
    document = [{"name": one.name, "ok": one.ok, "detail": one.detail, "remedy": one.remedy} for one in found]
    _show(document, as_json, lines)
    if not all(one.ok for one in found):
        sys.exit(1)


if __name__ == "__main__":
    main()
