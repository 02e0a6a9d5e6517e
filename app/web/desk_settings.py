"""A desk's settings as a form: whom alerts go to, hours, fields, limits, tags. Judged by `desk_document`, not here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import desk_setup, log
from app.desk_document import FIELDS, GOOD_FROM, OF_CUSTOMERS, USUAL_TAGS, SettingsSlips, read_desk_document
from app.protocols.yaml_text import write_yaml
from app.scoring.calendars import read_calendar
from app.scoring.listening import KEYS as LISTENING
from app.store import desks, tracked_tickets
from app.store.accounts import reaches
from app.store.models import Desk, Role
from app.store.versions import Stale
from app.web import forms
from app.web.access import requires_on_named_desk
from app.web.context import parts, visitor
from app.web.forms import Difference, Slips, Typed

blueprint = Blueprint("desk_settings", __name__, url_prefix="/desks")

LABELS: Mapping[str, str] = {
    "leads": "Leads of the desk",
    "automation_may_speak": "Protocols may write to customers",
    "survey_cooldown_days": "Days between two surveys",
    "survey_id": "The helpdesk's own survey",
    **forms.hours_labels("calendar"),
    **{f"fields.{name}": f"Field for {name}" for name in FIELDS},
    **{f"customer.{name}": f"Customer's {name}" for name in OF_CUSTOMERS},
    "listening": "Causes, vendors and tiers",
    "call_share": "Our share of its allowances",
    "text_days": "Days for which words are kept",
    "good_from": "Score from which it is good",
    "languages": "Languages customers write in",
    "tags.state_prefix": "Prefix of state tags",
    "tags.case_prefix": "Prefix of case tags",
}
#: The same with what only a slip names: webhooks are never shown again, and hours may be wrong as a whole.
NAMED: Mapping[str, str] = {**LABELS, "webhooks": "Webhooks to add", **forms.slip_labels("calendar")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The form as it is shown."""

    typed: Typed
    version: str
    slips: Slips | None = None
    found: Sequence[Difference] | None = None  #: what somebody else stored meanwhile
    code: int = 200


@blueprint.get("/<id:desk_id>/settings")
@requires_on_named_desk(Role.ADMIN)
def form(desk_id: int) -> ResponseReturnValue:
    desk = _desk(desk_id)
    return _show(desk, Sheet(typed=_typed(desk), version=desk_setup.version_of_settings(desk)))


@blueprint.post("/<id:desk_id>/settings")
@requires_on_named_desk(Role.ADMIN)
def change(desk_id: int) -> ResponseReturnValue:
    """Keeps what was typed, whatever happened meanwhile."""
    sheet = Sheet(typed=request.form, version=request.form.get("version", "")[:64])
    try:
        settings = read_desk_document(_document(request.form), most_days=parts().settings.text_days)
        by = f"account:{visitor().account_id}"
        changed = desk_setup.put_settings(parts(), desk_id, settings, version=sheet.version, by=by)
    except SettingsSlips as error:
        return _show(_desk(desk_id), replace(sheet, slips=forms.slips_of(str(error)), code=422))
    except Stale:
        desk = _desk(desk_id)
        found = [*forms.differences(sheet.typed, _typed(desk), LABELS), *_webhooks_differ(sheet.typed, desk)]
        return _show(desk, replace(sheet, version=desk_setup.version_of_settings(desk), found=found, code=409))
    log.get("web").info("desk_changed", desk_id=desk_id, account_id=visitor().account_id, settings=changed)
    return redirect(url_for("desk_settings.form", desk_id=desk_id, said="stored"), 303)


def _desk(desk_id: int) -> Desk:
    with parts().database.desk(desk_id, read=True) as session:
        return desks.get(session, desk_id)


def _webhooks_differ(typed: Typed, desk: Desk) -> Sequence[Difference]:
    """Whether other webhooks are stored than the form would have left, by their names; addresses may hold secrets."""
    added = {line.partition("=")[0].strip() for line in forms.lines_of(typed.get("webhooks", ""))}
    opened = set(forms.words_of(typed.get("webhooks_known", "")))
    ours, theirs = set(desk.settings.get("webhooks") or {}), (opened - set(typed.getlist("without"))) | added
    if ours == theirs:
        return []
    return [Difference(label="Webhooks", stored=", ".join(sorted(ours)), typed=", ".join(sorted(theirs)))]


def _document(typed: Typed) -> dict[str, Any]:
    """The form as the document of a desk's settings."""
    return {
        "leads": forms.words_of(typed.get("leads", "")),
        "webhooks": forms.lines_of(typed.get("webhooks", "")),
        "without": typed.getlist("without"),
        "automation_may_speak": typed.get("automation_may_speak") == "yes",
        "survey_cooldown_days": forms.whole(typed.get("survey_cooldown_days", "")),
        "survey_id": typed.get("survey_id", ""),
        "calendar": forms.hours_given(typed, "calendar"),
        "fields": {name: typed.get(f"fields.{name}", "") for name in FIELDS},
        "customer": {name: typed.get(f"customer.{name}", "") for name in OF_CUSTOMERS},
        "listening": typed.get("listening", ""),
        "call_share": forms.number(typed.get("call_share", "")),
        "text_days": forms.whole(typed.get("text_days", "")),
        "tags": {name: typed.get(f"tags.{name}", "") for name in ("state_prefix", "case_prefix")},
        "good_from": forms.whole(typed.get("good_from", "")),
        "languages": forms.words_of(typed.get("languages", "")),
    }


def _typed(desk: Desk) -> Typed:
    """What one would have to type to say what is stored; addresses of webhooks are never shown."""
    settings = desk.settings
    calendar, tags = settings.get("calendar"), settings.get("tags", {})
    listening = {key: settings[key] for key in LISTENING if settings.get(key) is not None}
    plain = ("survey_cooldown_days", "survey_id", "call_share", "text_days", "good_from")
    return forms.typed_of(
        [
            ("leads", "\n".join(settings.get("lead_emails", []))),
            ("languages", ", ".join(settings.get("languages", []))),
            ("automation_may_speak", "yes" if settings.get("automation_may_speak") else ""),
            *((name, "" if settings.get(name) is None else str(settings[name])) for name in plain),
            *forms.hours_typed("calendar", read_calendar(calendar) if calendar else None, "UTC"),
            *((f"fields.{name}", settings.get("fields", {}).get(name, "")) for name in FIELDS),
            *((f"customer.{name}", settings.get("customer", {}).get(name, "")) for name in OF_CUSTOMERS),
            ("listening", write_yaml(listening) if listening else ""),
            ("tags.state_prefix", tags.get("state_prefix", USUAL_TAGS.state_prefix)),
            ("tags.case_prefix", tags.get("case_prefix", USUAL_TAGS.case_prefix)),
        ]
    )


def _show(desk: Desk, sheet: Sheet) -> ResponseReturnValue:
    with parts().database.desk(desk.id, read=True) as session:
        tagged = tracked_tickets.any_scored(session)
    place = visitor().place_on(desk.id)
    page = render_template(
        "desks/settings.html",
        desk=desk,
        sheet=sheet,
        slips=sheet.slips or {},
        labels=NAMED,
        webhooks=sorted(desk.settings.get("webhooks") or {}),
        # As of the version that goes with it: after a slip still those that were there when the form was opened.
        webhooks_known=sheet.typed.get("webhooks_known") if sheet.slips is not None else None,
        tagged=tagged,
        may=place is not None and reaches(place.role, Role.ADMIN, reads=False),
        most_days=parts().settings.text_days,
        usual_share=parts().connections.share,
        good_from=GOOD_FROM,
        fields=FIELDS,
        of_customers=OF_CUSTOMERS,
        said=request.args.get("said", ""),
    )
    return page, sheet.code
