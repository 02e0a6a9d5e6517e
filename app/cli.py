"""The `kintsugi` command. Each command parses, calls one thing, and prints; what it imports it imports when it runs, so
that `--help` is quick and a scoring on files needs no database."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import click

from app.cli_backfill import backfill_desk
from app.cli_backtests import backtest, plan
from app.cli_base import AS_JSON, ON_DESK, Commands, Problem, find_desk, open_parts, read_settings, show
from app.cli_deliveries import deliveries
from app.cli_desks import desk
from app.cli_examples import examples
from app.cli_install import install_desk, uninstall_desk
from app.cli_models import model
from app.cli_package import package
from app.cli_parse import parse
from app.cli_people import erase_person, export_person
from app.cli_protocols import protocol
from app.cli_rollbacks import list_rollbacks, roll_back, tell_history
from app.cli_teams import team
from app.cli_training import evaluate, train
from app.cli_why import explain


@click.group(cls=Commands)
def main() -> None:
    """Kintsugi: service recovery for Zendesk and Freshdesk."""


desk.add_command(install_desk)
desk.add_command(uninstall_desk)
desk.add_command(backfill_desk)
main.add_command(desk)
protocol.add_command(backtest)
protocol.add_command(examples)
protocol.add_command(plan)
protocol.add_command(roll_back)
protocol.add_command(list_rollbacks)
protocol.add_command(tell_history)
main.add_command(protocol)
main.add_command(team)
main.add_command(train)
main.add_command(evaluate)
main.add_command(deliveries)
main.add_command(model)
main.add_command(package)
main.add_command(parse)
main.add_command(explain)
desk.add_command(export_person)
desk.add_command(erase_person)


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
        run(read_settings(), port=port, say=click.echo)
    except CannotServe as error:
        raise Problem(str(error)) from error


@main.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8001, show_default=True)
@click.option("--file", type=click.Path(path_type=Path), help="Its SQLite file; by default in the data directory.")
@click.option(
    "--kind", type=click.Choice(["zendesk", "freshdesk"]), default="zendesk", show_default=True, help="Whose helpdesk."
)
@AS_JSON
def sandbox(port: int, file: Path | None, kind: str, as_json: bool) -> None:
    """Run the sandbox helpdesk alone, until it is stopped."""
    import signal
    import threading

    from app.clock import Clock
    from connectors.sandbox.server import Sandbox

    settings = read_settings()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    try:
        usual = "sandbox.sqlite" if kind == "zendesk" else f"sandbox-{kind}.sqlite"
        now = Clock(settings.clock_file).now
        server = Sandbox(file=file or settings.data_dir / usual, now=now, port=port, vendor=kind)
        server.start()
    except (ValueError, RuntimeError) as error:
        raise Problem(str(error)) from error
    except OSError as error:
        raise Problem(f"port {port} is in use; choose another one with --port") from error
    lines = [f"The sandbox helpdesk is running at {server.url}", f"It takes mail at 127.0.0.1:{server.smtp_port}"]
    show({"url": server.url, "smtp_port": server.smtp_port}, as_json, lines)
    while not stop.wait(1.0):
        pass
    server.stop()


@main.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    from app import factory
    from app.store import schema

    parts = factory.build(read_settings())
    click.echo(f"The schema is at {schema.migrate(parts.database)}.", err=True)


@main.command()
@click.argument("file", type=click.File("r", encoding="utf-8"), default="-")
def score(file: Any) -> None:
    """Score conversations: JSON lines in, JSON lines out."""
    from app.scoring.lines import score_line
    from app.scoring.model import ModelError, load_prior
    from app.settings import SettingsError, prior_name

    try:
        model = load_prior(prior_name())
    except ModelError as error:
        raise SettingsError(f"KINTSUGI_PRIOR: {error}") from error
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
@click.option(
    "--kind", type=click.Choice(["zendesk", "freshdesk"]), default="zendesk", show_default=True, help="Whose helpdesk."
)
@AS_JSON
def replay(file: Path, database_url: str | None, broker_url: str | None, kind: str, as_json: bool) -> None:
    """Play recorded conversations through a sandbox and the whole pipeline."""
    from app import rehearsal, replay

    try:
        conversations = replay.read(file)
        stage = rehearsal.Stage(settings=read_settings(), kind=kind, database_url=database_url, broker_url=broker_url)
        report = rehearsal.perform(stage, conversations)
    except replay.ReplayError as error:
        raise Problem(str(error)) from error
    show(report, as_json, [f"{name}: {value}" for name, value in report.items()])


@main.group()
def report() -> None:
    """The numbers behind the pages."""


@report.command("funnel")
@ON_DESK
@AS_JSON
def report_funnel(desk_name: str | None, as_json: bool) -> None:
    """From eligible to recovered: how many cases got how far."""
    from app import reports

    with open_parts() as parts:
        document = reports.funnel(parts.database, find_desk(parts, desk_name).id)
    show(document, as_json, [f"{name}: {value}" for name, value in document.items()])


@report.command("deviations")
@ON_DESK
@AS_JSON
def report_deviations(desk_name: str | None, as_json: bool) -> None:
    """Where people did something else than the protocol says, with their reasons."""
    from app import reports

    with open_parts() as parts:
        document = reports.deviations(parts.database, find_desk(parts, desk_name).id)
    lines = [
        f"{one['at']} case {one['case_id']} ({one['protocol']}): {one['kind']}"
        f"{' of ' + one['step'] if one['step'] else ''}: "
        f"{one['reason'] or one['field'] or 'no reason is kept'}"
        for one in document["deviations"]
    ]
    show(document, as_json, lines or ["Nothing was done otherwise."])


@report.command("early")
@click.option("--hours", type=click.FloatRange(0), default=4.0, show_default=True, help="Lead that counts as in time.")
@click.option("--messages", type=click.IntRange(0), default=0, show_default=True, help="Messages left, likewise.")
@ON_DESK
@AS_JSON
def report_early(hours: float, messages: int, desk_name: str | None, as_json: bool) -> None:
    """Of badly rated tickets: how many had been flagged poor in time, and the false alarms beside it."""
    from app import reports

    with open_parts() as parts:
        document = reports.early(parts.database, find_desk(parts, desk_name).id, hours=hours, messages=messages)
    show(document, as_json, [f"{name}: {value}" for name, value in document.items()])


@main.group()
def user() -> None:
    """People who sign in."""


@user.command("add")
@click.argument("email")
@click.option("--role", type=click.Choice(["agent", "lead", "admin", "auditor"]), required=True)
@ON_DESK
def add_user(email: str, role: str, desk_name: str | None) -> None:
    """Invite a person: prints a link that works once, or takes a password from standard input."""
    from app import setting_up

    password = None if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n") or None
    with open_parts() as parts:
        desk_id = find_desk(parts, desk_name).id if desk_name else None
        try:
            link = setting_up.add_person(parts, email=email, role=role, desk_id=desk_id, password=password)
        except ValueError as error:
            raise Problem(str(error)) from error
    click.echo(link or f"{email} can sign in.")


@user.command("remove")
@click.argument("email")
@ON_DESK
def remove_user(email: str, desk_name: str | None) -> None:
    """Take a person's role on the desk, or without --desk the one on every desk."""
    from app import setting_up

    with open_parts() as parts:
        desk_id = find_desk(parts, desk_name).id if desk_name else None
        try:
            setting_up.remove_person(parts, email=email, desk_id=desk_id)
        except ValueError as error:
            raise Problem(str(error)) from error
    click.echo(f"{email} has that role no more.")


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

    found = examination.examine(read_settings())
    lines = [f"{'ok ' if one.ok else 'BAD'}  {one.name}: {one.detail} {one.remedy}".rstrip() for one in found]
    document = [{"name": one.name, "ok": one.ok, "detail": one.detail, "remedy": one.remedy} for one in found]
    show(document, as_json, lines)
    if not all(one.ok for one in found):
        sys.exit(1)


if __name__ == "__main__":
    main()
