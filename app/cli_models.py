"""The commands of a desk's own satisfaction model."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from app.cli_base import AS_JSON, ON_DESK, Problem, find_desk, open_parts, show

if TYPE_CHECKING:
    from app.store.models import LearnedModel

BY = "command line"


@click.group()
def model() -> None:
    """A desk's own satisfaction model, learned from its ratings."""


@model.command("list")
@ON_DESK
@AS_JSON
def list_models(desk_name: str | None, as_json: bool) -> None:
    """Every version, the newest first, and which is in force."""
    from app.store import examples, learned_models

    with open_parts() as parts, parts.database.desk(find_desk(parts, desk_name).id, read=True) as session:
        rows = [_described(row) for row in learned_models.newest_first(session)]
        ratings = examples.count(session)
    lines = [f"{row['state']:<10} {row['version']:>4}  {row['rung']:<9} {row['reason']}" for row in rows]
    document = {"ratings": ratings, "versions": rows}
    show(document, as_json, lines or [f"The prior is in force; {ratings} ratings were stored and none learned from."])


@model.command("learn")
@ON_DESK
@click.option("--background", is_flag=True, hidden=True, help="Give way to everything else on this machine.")
@AS_JSON
def learn_model(desk_name: str | None, background: bool, as_json: bool) -> None:
    """Learn the desk's model anew, now; it comes into force if it proves better."""
    if background:
        os.nice(10)
    with open_parts() as parts:
        from tasks import training

        try:
            outcome = training.train(parts, find_desk(parts, desk_name).id)
        except training.Busy as error:
            raise Problem("a training of this desk is under way already") from error
        except training.NothingToLearn as error:
            raise Problem("the desk has no rating to learn from yet") from error
    document = {
        "version": outcome.version,
        "rung": outcome.rung,
        "ratings": outcome.ratings,
        "state": outcome.state.value,
        "reason": outcome.reason,
    }
    show(document, as_json, [f"version {outcome.version}: {outcome.state.value}", outcome.reason])


@model.command("show")
@click.argument("version", type=click.IntRange(1), required=False)
@ON_DESK
@AS_JSON
def show_model(version: int | None, desk_name: str | None, as_json: bool) -> None:
    """One version with its report; without a number, the one in force."""
    from app.store import desks, learned_models

    with open_parts() as parts, parts.database.desk(find_desk(parts, desk_name).id, read=True) as session:
        try:
            row = learned_models.get(session, version) if version else learned_models.champion(session)
        except desks.NotFound as error:
            raise Problem(f"there is no version {version}") from error
    if row is None:
        show({"version": None, "prior": parts.models.prior.name}, as_json, ["The prior is in force."])
        return
    document = {**_described(row), "report": row.report, "document": row.document, "words": row.sealed_text is not None}
    lines = [f"{name}: {value}" for name, value in _described(row).items()]
    lines += [
        f"{name}: Brier {found['brier']:.4f}, ECE {found['ece']:.4f}, AUROC {_shown(found['auroc'])}"
        for name, found in row.report.get("figures", {}).items()
    ]
    show(document, as_json, lines)


@model.command("promote")
@click.argument("version", type=click.IntRange(1))
@ON_DESK
def promote_model(version: int, desk_name: str | None) -> None:
    """Put a version in force. If it is not the newest, later ones wait for you."""
    _choose(desk_name, version)
    click.echo(f"Version {version} is in force.")


@model.command("rollback")
@click.option("--version", type=click.IntRange(1), help="By default the prior that ships with the product.")
@ON_DESK
def roll_back(version: int | None, desk_name: str | None) -> None:
    """Go back to an earlier version or to the prior, and stay there until you promote another one."""
    _choose(desk_name, version)
    click.echo(f"Version {version} is in force." if version else "The prior is in force.")


def _choose(desk_name: str | None, version: int | None) -> None:
    from app.clock import real_now
    from app.store import audit, desks, learned_models

    with open_parts() as parts:
        desk_id = find_desk(parts, desk_name).id
        with parts.database.desk(desk_id) as session:
            try:
                learned_models.choose(session, desk_id, version, real_now(), BY)
                did, what = learned_models.told(version)
                audit.record(session, by=audit.OPERATOR, did=did, what=what, at=real_now())
            except desks.NotFound as error:
                raise Problem(f"there is no version {version}") from error


def _described(row: LearnedModel) -> dict[str, Any]:
    return {
        "version": row.version,
        "state": row.state.value,
        "rung": row.rung,
        "prior": row.prior,
        "ratings": row.ratings,
        "trained_at": row.trained_at.isoformat(),
        "promoted_by": row.promoted_by,
        "reason": row.reason,
    }


def _shown(area: float | None) -> str:
    return "not defined" if area is None else f"{area:.4f}"
