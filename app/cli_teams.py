"""The commands of teams: who recovers, who leads, who is away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from app.cli_base import AS_JSON, ON_DESK, Problem, find_desk, open_parts, show


@click.group()
def team() -> None:
    """Teams: which groups recover, who leads them, who is away."""


@team.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@ON_DESK
@AS_JSON
def import_teams(file: Path, desk_name: str | None, as_json: bool) -> None:
    """Store the teams of a YAML file in place of those that are stored; repeating it is harmless."""
    from app import team_setup

    with open_parts() as parts:
        desk = find_desk(parts, desk_name)
        try:
            stored = team_setup.put(parts, desk, team_setup.read_file(file, team_setup.zone_of(desk)))
        except ValueError as error:
            raise Problem(str(error)) from error
    document = {"teams": stored.teams, "people": stored.people}
    show(document, as_json, [f"Teams stored: {stored.teams}, with {stored.people} people who are named."])


@team.command("list")
@ON_DESK
@AS_JSON
def list_teams(desk_name: str | None, as_json: bool) -> None:
    """The teams and their people, with their open cases, and who is away."""
    from app import team_setup

    with open_parts() as parts:
        document = team_setup.listed(parts, find_desk(parts, desk_name).id, parts.clock.now())
    lines = [_team_line(one) for one in document["teams"]] + [_person_line(one) for one in document["people"]]
    show(document, as_json, lines or ["No team is stored yet: kintsugi team import --help"])


@team.command("export")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A file; by default standard output.")
@ON_DESK
def export_teams(out: Path | None, desk_name: str | None) -> None:
    """The stored teams as a document that `import` takes."""
    from app import team_setup

    with open_parts() as parts:
        document = team_setup.export(parts, find_desk(parts, desk_name).id)
    if out is None:
        click.echo(document, nl=False)
        return
    try:
        out.write_text(document, encoding="utf-8")
    except OSError as error:
        raise Problem(f"{out}: cannot be written: {error.strerror}") from error


@team.command("away")
@click.argument("agent")
@click.option("--from", "since", metavar="WHEN", help="A date or a time; by default now.")
@click.option("--until", metavar="WHEN", help="The first day or moment back; without it, until --back.")
@click.option("--back", is_flag=True, help="The person is back.")
@ON_DESK
def away(agent: str, since: str | None, until: str | None, back: bool, desk_name: str | None) -> None:
    """Put a person out of office, by name, address or id: no case is given to them, and theirs are not returned."""
    from app import team_setup

    if back and (since or until):
        raise click.UsageError("--back: not together with --from or --until")
    with open_parts() as parts:
        desk = find_desk(parts, desk_name)
        try:
            begin = team_setup.read_moment(since, "--from", team_setup.zone_of(desk))
            end = team_setup.read_moment(until, "--until", team_setup.zone_of(desk))
            begin = None if back else begin or parts.clock.now()
            name = team_setup.away(parts, desk.id, agent, since=begin, until=end)
        except ValueError as error:
            raise Problem(str(error)) from error
    click.echo(f"{name} is back." if back else f"{name} is away{f' until {end:%Y-%m-%d %H:%M} UTC' if end else ''}.")


def _team_line(one: Any) -> str:
    room = "" if one["room"] is None else f", room for {one['room']} more"
    leads = f", led by {', '.join(one['leads'])}" if one["leads"] else ""
    return f"{one['group']}: {one['open_cases']} open cases{room}{leads}"


def _person_line(one: Any) -> str:
    limit = "" if one["capacity"] is None else f" of {one['capacity']}"
    marks = [*one["skills"], *(["senior"] if one["senior"] else []), *(["away"] if one["away"] else [])]
    return f"  {one['agent'] or one['agent_id']}: {one['open_cases']}{limit} open cases" + "".join(
        f", {mark}" for mark in marks
    )
