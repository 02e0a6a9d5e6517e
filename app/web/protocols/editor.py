"""The editor: a document as a form that grows and shrinks, checked and tried as one types, saved as a draft.

Every button works by an ordinary POST; the script only presses them without leaving the page.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import abort, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import editing, log
from app.protocols import merging
from app.protocols.errors import DocumentError
from app.protocols.presets import PRESETS
from app.protocols.template import PLACEHOLDERS
from app.protocols.yaml_text import write_yaml
from app.store import protocols, samples
from app.store.desks import NotFound
from app.store.models import ProtocolRow, Role
from app.web.access import requires
from app.web.context import desk_id, parts, visitor
from app.web.protocols import form
from app.web.protocols.base import blueprint, row_or_404, version_or_404
from app.web.protocols.drafting import (
    STARTER,
    Drawn,
    Work,
    as_text,
    choices,
    draw,
    errors_of,
    judge,
    of_document,
    read_work,
)
from app.web.protocols.widgets import id_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a click led to, and how loudly errors are told."""

    work: Work
    told: bool = True  #: what is wrong is said at its place; not while rows are only being arranged
    focus: str = ""  #: the id of the control to go on with
    said: str = ""
    code: int = 200


@blueprint.get("/new")
@requires(Role.ADMIN)
def new() -> ResponseReturnValue:
    """An empty form with a first condition, or a copy of the version that the address names."""
    copied = request.args.get("copy", "")
    if not copied.isdecimal() or len(copied) > 18:
        return _page(None, Shown(work=Work(document=STARTER), told=False))
    with parts().database.desk(desk_id(), read=True) as session:
        try:
            text = protocols.version(session, int(copied)).document
        except NotFound:
            abort(404)
    work = of_document(text)
    named = {name: value for name, value in work.document.items() if name != "name"}
    return _page(None, Shown(work=replace(work, document=named), told=False))


@blueprint.get("/<id:protocol_id>/edit")
@requires(Role.ADMIN)
def edit(protocol_id: int) -> ResponseReturnValue:
    """The newest version, or the contents of an earlier one to go on with."""
    with parts().database.desk(desk_id(), read=True) as session:
        row = row_or_404(session, protocol_id)
        newest = version_or_404(session, protocol_id, None)
        wanted = version_or_404(session, protocol_id, request.args.get("version"))
    return _page(row, Shown(work=of_document(wanted.document, newest.number)))


@blueprint.post("/new")
@requires(Role.ADMIN)
def work_on_new() -> ResponseReturnValue:
    return _work(None)


@blueprint.post("/<id:protocol_id>/edit")
@requires(Role.ADMIN)
def work_on(protocol_id: int) -> ResponseReturnValue:
    with parts().database.desk(desk_id(), read=True) as session:
        row = row_or_404(session, protocol_id)
    return _work(row)


@blueprint.post("/look")
@requires(Role.ADMIN)
def look() -> ResponseReturnValue:
    """What is said about the form as it stands, for the script: what is wrong where, and the panel beside it."""
    work = read_work(request.form)
    drawn = _drawn(work, request.form.get("kept_name") == "yes")
    at = {
        place: [{"severity": one.severity, "message": one.message} for one in said] for place, said in drawn.at.items()
    }
    return jsonify(at=at, panel=render_template("protocols/panel.html", drawn=drawn, work=work, told=True))


def _work(row: ProtocolRow | None) -> ResponseReturnValue:
    """Do what the pressed button says, on the document that the form holds."""
    verb, _, where = request.form.get("do", "check").partition(":")
    work = read_work(request.form)
    if verb == "save":
        return _save(row, work)
    if verb not in _VERBS:
        abort(400)
    try:
        return _page(row, _VERBS[verb](work, where))
    except form.Full as error:
        return _page(row, Shown(work=work, told=False, said=str(error), code=422))
    except ValueError:
        abort(400)


def _check(work: Work, _where: str) -> Shown:
    return Shown(work=work, focus="verdict")


def _refresh(work: Work, where: str) -> Shown:
    document = _copied(work)
    form.mend(document)
    return Shown(work=replace(work, document=document), told=False, focus=where)


def _add(work: Work, where: str) -> Shown:
    document = _copied(work)
    form.add_row(document, where)
    number = len(_at(document, where)) - 1
    first = "do" if where == "actions" else "field"
    return Shown(work=replace(work, document=document), told=False, focus=f"{where}[{number}].{first}")


def _remove(work: Work, where: str) -> Shown:
    path, number = _row(where)
    document = _copied(work)
    form.remove_row(document, path, number)
    return Shown(work=replace(work, document=document), told=False, focus=path)


def _move(by: int) -> Callable[[Work, str], Shown]:
    def move(work: Work, where: str) -> Shown:
        path, number = _row(where)
        document = _copied(work)
        form.move_row(document, path, number, by)
        there = min(max(number + by, 0), len(_at(document, path)) - 1)
        return Shown(work=replace(work, document=document), told=False, focus=f"{path}[{there}]")

    return move


def _preset(work: Work, where: str) -> Shown:
    """Ready conditions beside those that are there."""
    chosen = request.form.get("preset", where)
    if chosen not in PRESETS:
        return Shown(work=work, told=False, focus="preset")
    document = _copied(work)
    criteria = PRESETS[chosen].criteria
    for group in ("all", "any"):
        for condition in getattr(criteria, group):
            value = list(condition.value) if isinstance(condition.value, tuple) else condition.value
            row = form.add_row(document, f"criteria.{group}")
            row.update(field=condition.field, operator=condition.operator, value=value)
    return Shown(work=replace(work, document=document), told=False, focus="criteria.all")


def _yaml(work: Work, _where: str) -> Shown:
    return Shown(work=replace(work, text=as_text(work)), told=False, focus="document")


def _form(work: Work, _where: str) -> Shown:
    """Back to the form, where the YAML can be read at all and has places for the form's values."""
    if work.broken or not work.mapping:
        return Shown(work=work)
    return Shown(work=replace(work, text=None))


def _merge(work: Work, where: str) -> Shown:
    """Our changes and those of whoever saved meanwhile, as they were chosen; nothing is saved by it."""
    protocol_id = int((request.view_args or {}).get("protocol_id", 0))
    with parts().database.desk(desk_id(), read=True) as session:
        base, newest = (version_or_404(session, protocol_id, number) for number in (work.base, where))
    was, theirs = (editing.plain_or_nothing(one.document) for one in (base, newest))
    chosen = {name.removeprefix("take:"): word for name, word in request.form.items() if name.startswith("take:")}
    merged = merging.merge(was, theirs, work.document, chosen)
    return Shown(
        work=replace(work, document=merged, text=None, base=newest.number),
        said="Both changes are in the form now. Nothing is saved yet.",
    )


_VERBS: Mapping[str, Callable[[Work, str], Shown]] = {
    "check": _check,
    "refresh": _refresh,
    "add": _add,
    "remove": _remove,
    "up": _move(-1),
    "down": _move(1),
    "preset": _preset,
    "yaml": _yaml,
    "form": _form,
    "merge": _merge,
}


def _save(row: ProtocolRow | None, work: Work) -> ResponseReturnValue:
    """Store a draft and show it; else the form again, with what is wrong or what somebody else changed."""
    if work.broken:
        return _page(row, Shown(work=work, focus="verdict", code=422))
    try:
        text = work.text if work.text is not None else write_yaml(work.document)
        draft = editing.save(
            parts(),
            desk_id(),
            text,
            protocol_id=row.id if row else None,
            base=work.base if row else None,
            who=f"account:{visitor().account_id}",
        )
    except DocumentError as error:
        return _refused(row, work, error)
    except editing.Stale as stale:
        return _outdated(row, work, stale)
    log.get("web").info(
        "protocol_saved", desk_id=desk_id(), version_id=draft.version_id, account_id=visitor().account_id
    )
    said = "saved" if draft.new else "unchanged"
    return redirect(url_for("protocols.show", protocol_id=draft.protocol_id, version=draft.number, said=said), 303)


def _refused(row: ProtocolRow | None, work: Work, error: DocumentError) -> ResponseReturnValue:
    shown = Shown(work=work, focus="verdict", code=422, said="Not saved: see what is wrong below.")
    return _page(row, shown, also=error)


def _outdated(row: ProtocolRow | None, work: Work, stale: editing.Stale) -> ResponseReturnValue:
    """Somebody saved meanwhile: what they changed and what we did, side by side."""
    assert row is not None
    page = render_template(
        "protocols/merge.html", row=row, stale=stale, work=work, mine=as_text(work), written=_written
    )
    return page, 409


def _page(row: ProtocolRow | None, shown: Shown, also: DocumentError | None = None) -> ResponseReturnValue:
    drawn = _drawn(shown.work, row is not None, also)
    with parts().database.desk(desk_id(), read=True) as session:
        tickets = samples.recent(session)
    page = render_template(
        "protocols/edit.html",
        row=row,
        shown=shown,
        work=shown.work,
        drawn=drawn,
        focus=id_of(shown.focus),
        desk=choices(),
        tickets=tickets,
        presets=PRESETS.values(),
        placeholders=PLACEHOLDERS,
    )
    return page, shown.code


def _drawn(work: Work, fixed_name: bool, also: DocumentError | None = None) -> Drawn:
    desk = choices()
    verdict = judge(work, desk)
    if also is not None and verdict.protocol is not None:
        # What only storing can find, such as a name that is taken.
        verdict = replace(verdict, said=[*errors_of(also), *verdict.said])
    return draw(work, desk, verdict, fixed_name=fixed_name)


def _copied(work: Work) -> dict[str, Any]:
    return copy.deepcopy(dict(work.document))


def _row(where: str) -> tuple[str, int]:
    """ "actions[2]" as the list and the row. Raises ValueError."""
    steps = form.steps_of(where)
    if not steps or not isinstance(steps[-1], int):
        raise ValueError(where)
    return where.rpartition("[")[0], steps[-1]


def _at(document: Mapping[str, Any], path: str) -> list[Any]:
    """The list at a path that was just looked up."""
    place: Any = document
    for step in form.steps_of(path):
        place = place[step]
    rows: list[Any] = place
    return rows


def _written(value: Any) -> str:
    """A part of a document as YAML, for people to compare."""
    if value is None:
        return "not set"
    return write_yaml({"": value}).removeprefix("'':").strip("\n") if isinstance(value, list | dict) else str(value)
