"""Webhook deliveries as an admin sees them: what came, what became of it, and looking once more at what failed."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import log
from app.clock import real_now
from app.store import audit, deliveries, desks
from app.store.models import DeliveryState, Role
from app.web.access import requires
from app.web.context import desk_id, parts, visitor

blueprint = Blueprint("deliveries", __name__, url_prefix="/deliveries")


@blueprint.get("")
@requires(Role.ADMIN)
def index() -> ResponseReturnValue:
    state, before = request.args.get("state", ""), request.args.get("before", "")
    wanted = deliveries.Filter(
        state=DeliveryState(state) if state in set(DeliveryState) else None,
        ticket_id=request.args.get("ticket", "").strip()[:64] or None,
    )
    older_than = int(before) if before.isdecimal() and len(before) < 19 else None
    with parts().database.desk(desk_id(), read=True) as session:
        page = deliveries.recent(session, wanted, older_than=older_than)
        counts = deliveries.counts(session)
        refusals = desks.refusals(session, desk_id())
    return render_template(
        "deliveries/index.html",
        page=page,
        wanted=wanted,
        counts=counts,
        refusals=refusals,
        replayed=request.args.get("said") == "replayed",
        now=real_now(),
    )


@blueprint.get("/<id:delivery_id>/replay")
@requires(Role.ADMIN)
def preview(delivery_id: int) -> ResponseReturnValue:
    """What a replay would do; nothing is changed."""
    with parts().database.desk(desk_id(), read=True) as session:
        delivery = deliveries.find(session, delivery_id)
        if delivery is None:
            abort(404)
        (would,) = deliveries.replay(session, [delivery_id], real_now(), dry_run=True)
    queued = would.outcome is deliveries.ReplayOutcome.QUEUED
    return render_template("deliveries/replay.html", delivery=delivery, would=would, queued=queued, now=real_now())


@blueprint.post("/<id:delivery_id>/replay")
@requires(Role.ADMIN)
def replay(delivery_id: int) -> ResponseReturnValue:
    with parts().database.desk(desk_id()) as session:
        done = deliveries.replay(session, [delivery_id], real_now(), dry_run=False)
        if done:
            by, what = f"account:{visitor().account_id}", f"delivery:{delivery_id}"
            audit.record(session, by=by, did="delivery.replayed", what=what, at=real_now())
    if not done:
        abort(404)
    log.get("web").info("delivery_replayed", delivery_id=delivery_id, account_id=visitor().account_id)
    return redirect(url_for("deliveries.index", said="replayed"), 303)
