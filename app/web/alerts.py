"""The page behind an alert's link: one button, by which somebody takes it. A visit takes nothing, since mail programs
visit. Who holds the link was told by us; the page shows the ticket's number and nothing of its customer.
"""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app import links, log
from app.clock import real_now
from app.store import alert_chains
from app.store.alert_chains import CallView
from app.store.database import Purpose
from app.web import headers
from app.web.access import public
from app.web.context import parts

blueprint = Blueprint("alerts", __name__, url_prefix="/a")
LOG = log.get("alerts")


blueprint.after_request(headers.keep_link_secret)


@blueprint.get("/<token>")
@public
def show(token: str) -> ResponseReturnValue:
    """The button, or what became of the alert."""
    token_hash, view = _find(token)
    if token_hash is None or view is None:
        return _page("unknown", 404)
    if view.acknowledged_at is not None:
        return _page("taken", 200, view=view)
    if view.over:
        return _page("over", 410, view=view)
    return _page("show", 200, view=view)


@blueprint.post("/<token>")
@public
def acknowledge(token: str) -> ResponseReturnValue:
    """Take it; pressing twice, or after somebody else, changes nothing."""
    joined = parts()
    token_hash = links.read_token(joined.database.vault, token, links.ACKNOWLEDGE)
    if token_hash is None:
        return _page("unknown", 404)
    with joined.database.system(Purpose.ROUTE) as session:
        known = alert_chains.acknowledge(session, token_hash, now=joined.clock.now(), woken_at=real_now())
    if not known:
        return _page("unknown", 404)
    LOG.info("alert_acknowledged")
    # A redirect, so that reloading the page asks nobody whether to send it again.
    return redirect(url_for("alerts.show", token=token), 303)


def _find(token: str) -> tuple[str | None, CallView | None]:
    joined = parts()
    token_hash = links.read_token(joined.database.vault, token, links.ACKNOWLEDGE)
    if token_hash is None:
        return None, None
    with joined.database.system(Purpose.ROUTE, read=True) as session:
        return token_hash, alert_chains.find(session, token_hash)


def _page(name: str, status: int, **values: object) -> Response:
    return make_response(render_template(f"alerts/{name}.html", **values), status)
