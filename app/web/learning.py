"""What a desk's model learned from its ratings, how good it is, and who decided that it is in force."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app import log
from app.clock import real_now
from app.store import audit, desks, examples, labels, learned_models, trainings
from app.store.models import LearnedModel, Role
from app.web import charts
from app.web.access import requires
from app.web.charts import Chart
from app.web.context import desk_id, parts, visitor

blueprint = Blueprint("learning", __name__, url_prefix="/learning")

SAID = {
    "asked": "A training begins within a minute.",
    "promoted": "That version is in force. New messages are scored with it.",
    "prior": "The prior is in force again. New messages are scored with it.",
    "automatic": "The next model that proves better comes into force by itself.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The figures of the newest training that has any, ready to be drawn."""

    row: LearnedModel
    figures: Mapping[str, Any]
    shown: str  #: whose reliability is drawn: champion or challenger
    curve: Chart | None
    reliability: Chart | None


@blueprint.get("")
@requires(Role.ADMIN)
def index() -> ResponseReturnValue:
    with parts().database.desk(desk_id(), read=True) as session:
        versions = learned_models.newest_first(session)
        shown = {
            "champion": learned_models.champion(session),
            "training": trainings.find(session),
            "ratings": examples.count(session),
            "dissatisfied": examples.dissatisfied(session),
            "labels": labels.count(session),
        }
    return render_template(
        "learning/index.html",
        **shown,
        versions=versions,
        measured=next((_measured(row) for row in versions if row.report.get("figures")), None),
        prior=parts().models.prior.name,
        automatic=parts().settings.learning,
        said=SAID.get(request.args.get("said", "")),
        now=real_now(),
    )


@blueprint.post("/train")
@requires(Role.ADMIN)
def train() -> ResponseReturnValue:
    """Ask for a training; the learning process finds it."""
    with parts().database.desk(desk_id()) as session:
        trainings.ask(session, desk_id(), real_now())
        _record(session, "training.asked", "model")
    return _back("asked")


@blueprint.post("/<id:version>/promote")
@requires(Role.ADMIN)
def promote(version: int) -> ResponseReturnValue:
    """Put a version in force."""
    return _choose(version, "promoted")


@blueprint.post("/prior")
@requires(Role.ADMIN)
def roll_back() -> ResponseReturnValue:
    """Back to the prior that ships with the product."""
    return _choose(None, "prior")


@blueprint.post("/automatic")
@requires(Role.ADMIN)
def release() -> ResponseReturnValue:
    """Let models come into force by themselves again."""
    with parts().database.desk(desk_id()) as session:
        trainings.hold(session, desk_id(), held=False)
        _record(session, "model.automatic", "model")
    return _back("automatic")


def _choose(version: int | None, said: str) -> ResponseReturnValue:
    with parts().database.desk(desk_id()) as session:
        try:
            learned_models.choose(session, desk_id(), version, real_now(), visitor().email)
        except desks.NotFound:
            abort(404)
        _record(session, *learned_models.told(version))
    log.get("web").info("model_chosen", desk_id=desk_id(), version=version, account_id=visitor().account_id)
    return _back(said)


def _record(session: Session, did: str, what: str) -> None:
    audit.record(session, by=f"account:{visitor().account_id}", did=did, what=what, at=real_now())


def _back(said: str) -> ResponseReturnValue:
    return redirect(url_for("learning.index", said=said), 303)


def _measured(row: LearnedModel) -> Measured:
    figures, curve = row.report["figures"], row.report["curve"]
    shown = "challenger" if "challenger" in figures else "champion"
    bins = figures[shown]["reliability"]
    return Measured(
        row=row,
        figures=figures,
        shown=shown,
        curve=charts.curves(
            [point["ratings"] for point in curve],
            [[point["brier"] for point in curve], [point["brier_intercept"] for point in curve]],
        ),
        reliability=charts.promises([(one["predicted"], one["observed"]) for one in bins]),
    )
