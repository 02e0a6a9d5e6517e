"""Recovery protocols to read: what they notice and do, in sentences; their versions, and what is questionable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue

from app.protocols.actions.registry import kind_of
from app.protocols.document import read_document
from app.protocols.errors import DocumentError
from app.protocols.facts import FACTS
from app.protocols.lint import Finding, lint_one
from app.protocols.protocol import ANY_CAUSE, Action, Condition, RecoveryProtocol
from app.protocols.rules import OPERATORS
from app.store import protocols
from app.store.models import ProtocolVersion, Role, VersionState
from app.web.access import requires
from app.web.context import desk_id, parts
from app.web.protocols import labels
from app.web.protocols.base import blueprint
from app.web.wording import words

SAID = {
    "saved": "Saved as a draft. Nothing changes for customers until you publish it.",
    "unchanged": "Nothing was different, so no new version was made.",
    VersionState.PUBLISHED: "It is in force on all tickets now.",
    VersionState.CANARY: "It is in force on its share of tickets now.",
    VersionState.SHADOW: "It watches now, and writes nothing.",
}

blueprint.add_app_template_filter(labels.plainly)
blueprint.add_app_template_global(labels.condition)
blueprint.add_app_template_global(labels.value, "fact_value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A stored document as people read it; `errors` where it is of an older form than we understand."""

    protocol: RecoveryProtocol | None
    all: Sequence[str] = ()
    any: Sequence[str] = ()
    actions: Sequence[str] = ()
    rails: Sequence[str] = ()
    findings: Sequence[Finding] = ()
    errors: Sequence[str] = ()


@blueprint.get("")
@requires(Role.AGENT)
def index() -> ResponseReturnValue:
    with parts().database.desk(desk_id(), read=True) as session:
        listed = [
            (row, version, read(version), _beside(protocols.versions_of(session, row.id), version))
            for row, version in protocols.all_of(session)
        ]
    return render_template("protocols/index.html", listed=listed)


@blueprint.get("/<id:protocol_id>")
@requires(Role.AGENT)
def show(protocol_id: int) -> ResponseReturnValue:
    """The version in force, or the one that the address asks for by its number."""
    with parts().database.desk(desk_id(), read=True) as session:
        found = next(((row, v) for row, v in protocols.all_of(session) if row.id == protocol_id), None)
        if found is None:
            abort(404)
        versions = protocols.versions_of(session, protocol_id)
    row, standing = found
    wanted = request.args.get("version")
    version = next((v for v in versions if str(v.number) == wanted), None) if wanted else standing
    if version is None:
        abort(404)
    return render_template(
        "protocols/show.html",
        row=row,
        version=version,
        versions=versions,
        reading=read(version),
        live=any(one.state in (VersionState.PUBLISHED, VersionState.CANARY) for one in versions),
        said=SAID.get(request.args.get("said", "")),
    )


def _beside(versions: Sequence[ProtocolVersion], standing: ProtocolVersion) -> list[ProtocolVersion]:
    """What else there is of a protocol: trials, and a draft that is newer than what is in force."""
    trials = [one for one in versions if one.state in (VersionState.CANARY, VersionState.SHADOW)]
    drafts = [one for one in versions[:1] if one.state is VersionState.DRAFT]
    return [one for one in (*trials, *drafts) if one is not standing]


def read(version: ProtocolVersion) -> Reading:
    """The version's document in sentences."""
    try:
        protocol = read_document(version.document)
    except DocumentError as error:
        return Reading(protocol=None, errors=[str(one) for one in error.errors])
    return Reading(
        protocol=protocol,
        all=[_sentence(condition) for condition in protocol.criteria.all],
        any=[_sentence(condition) for condition in protocol.criteria.any],
        actions=[_step(action) for action in protocol.actions],
        rails=_rails(protocol),
        findings=lint_one(protocol),
    )


def _step(action: Action) -> str:
    """What is done, and where it is a person's, whose, by when and how it shows."""
    said = kind_of(action).describe(action.params)
    if action.owner is not None:
        said += f" – {labels.word('owner', action.owner).lower()}"
    if action.within_hours is not None:
        said += f", within {action.within_hours:g} business hours"
    if action.done_when is not None:
        said += f"; done when {labels.word('done_when', action.done_when).lower()}"
    return said


def _sentence(condition: Condition) -> str:
    """ "Satisfaction score (0 to 100) is at most 40" """
    fact, operator = FACTS[condition.field], OPERATORS[condition.operator]
    return f"{fact.label} {operator.label} {labels.value(condition.field, condition.value)}"


def _rails(protocol: RecoveryProtocol) -> Sequence[str]:
    rails, follow_up = protocol.guardrails, protocol.follow_up
    said = [
        "It looks at every ticket."
        if protocol.cause == ANY_CAUSE
        else f"It is for this cause: {words(protocol.cause)}.",
        f"At most {rails.max_cases} cases on one ticket, {rails.cooldown_hours:g} hours apart.",
        f"At most {rails.max_actions} steps in one case.",
    ]
    said += [
        f"{labels.key(name)}: {value:g}."
        for name, value in (
            ("max_cases_per_day", rails.max_cases_per_day),
            ("first_touch_minutes", protocol.targets.first_touch_minutes),
            ("recovery_hours", protocol.targets.recovery_hours),
        )
        if value is not None
    ]
    if protocol.resurvey:
        hours, bar = protocol.resurvey.after_hours, protocol.resurvey.good_from
        said.append(
            f"The customer is asked again {hours:g} hours after the ticket is solved; {bar:.0%} or more is good."
        )
    else:
        said.append("The customer is not asked again.")
    said.append(
        "A recovered ticket stays where it is."
        if follow_up.return_to == "stay"
        else "A recovered ticket goes back to the group and agent that had it."
    )
    return said
