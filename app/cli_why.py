"""The command that explains: why a protocol does what it does on a ticket, and why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from app.cli_base import AS_JSON, ON_DESK, Problem, find_desk, open_parts, show

if TYPE_CHECKING:
    from app.protocols.why import StepWhy
    from app.why import Answer, Why


@click.command("why")
@click.argument("ticket")
@click.option("--protocol", "name", help="A protocol's name; by default all answer.")
@click.option("--version", type=click.IntRange(1), help="Its number, drafts too; by default the one in force here.")
@ON_DESK
@AS_JSON
def explain(ticket: str, name: str | None, version: int | None, desk_name: str | None, as_json: bool) -> None:
    """Which conditions of a protocol hold on a ticket, which do not, and each step with its reason."""
    from app import why

    if version is not None and name is None:
        raise click.UsageError("--version needs --protocol")
    with open_parts() as parts, parts.database.desk(find_desk(parts, desk_name).id, read=True) as session:
        try:
            answer = why.ask(session, ticket, parts.clock.now(), protocol=name, version=version)
        except why.Unknown as error:
            raise Problem(str(error)) from error
        show(why.as_document(answer), as_json, _lines(answer))


def _lines(answer: Answer) -> list[str]:
    if answer.at is None:
        return [f"Nothing is known of ticket {answer.ticket_id} yet: {answer.missing}"]
    lines = [f"Ticket {answer.ticket_id}, by what was known on {answer.at:%Y-%m-%d %H:%M} UTC"]
    for one in answer.answers:
        lines += _protocol(one)
    return lines


def _protocol(one: Why) -> list[str]:
    from app.protocols.rules import sentence

    lines = ["", f"{one.protocol}, version {one.version} ({one.state.value})"]
    lines += [f"  {one.acts}"] if one.acts else []
    lines.append(f"  {one.decision.reason}")
    lines += [f"    {'yes' if found.passed else 'no '}  {sentence(found)}" for found in one.decision.conditions]
    lines += _steps(one.steps)
    for case in one.cases:
        lines.append(f"  Case {case.id} by version {case.version}, {case.stage.value}: {case.opened}")
        lines += _steps(case.steps)
    return lines


def _steps(steps: tuple[StepWhy, ...]) -> list[str]:
    return [f"    {step.state:<16}  {step.says}: {step.reason}" for step in steps]
