"""What recovery achieves on a desk: how many cases got how far, and where they ended."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from app import reports
from app.store.models import Role
from app.web.access import requires
from app.web.context import desk_id, parts

blueprint = Blueprint("impact", __name__, url_prefix="/impact")


@blueprint.get("")
@requires(Role.LEAD)
def index() -> ResponseReturnValue:
    database = parts().database
    return render_template(
        "impact/index.html", funnel=reports.funnel(database, desk_id()), early=reports.early(database, desk_id())
    )
