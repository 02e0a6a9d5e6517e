"""Pages, the sidebar and the API: one blueprint per noun, thin, joined here. Pages know nothing of each other."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

from flask import Flask, abort, g, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from app import log
from app.web import (
    access,
    account,
    alerts,
    api,
    audit,
    case_turns,
    cases,
    casework,
    connecting,
    customers,
    dead_letters,
    deliveries,
    desk_settings,
    desks,
    errors,
    freshdesk_sidebar,
    headers,
    health,
    home,
    impact,
    learning,
    people,
    protocols,
    queue,
    sidebar,
    sign_in,
    single_sign_on,
    surveys,
    teammates,
    teams,
    tickets,
    warnings,
    webhooks,
    wording,
)
from app.web.context import EXTENSION, find_visitor
from app.web.paths import IdConverter

if TYPE_CHECKING:
    from tasks.parts import Parts

#: Every page. Adding one is a module with a `blueprint`, and its name here.
PAGES = (
    home, sign_in, cases, casework, case_turns, customers, tickets, protocols, impact, learning, deliveries, desks,
    connecting, sidebar, freshdesk_sidebar, webhooks, surveys, alerts, health, teams, teammates, desk_settings,
    dead_letters, queue, warnings, people, audit, account, single_sign_on,
)  # fmt: skip

#: What comes with a protocol's document. Escaped in a form or in JSON it takes several times its own 256 KiB, and it is
#: the document's reader that says so at the field when it is too large.
ROOMIER = frozenset({protocols.blueprint.name, "api_protocols"})
MOST_DOCUMENT_BYTES = 1 << 20

#: What cleans by itself the words it is sent: customers' free text, and bodies that are proved before they are read.
OWN_WORDS = frozenset({surveys.blueprint.name, webhooks.blueprint.name})


def register(app: Flask, parts: Parts) -> None:
    """Give the app its parts, its rules for every request, and its pages."""
    app.extensions[EXTENSION] = parts
    app.url_map.converters["id"] = IdConverter
    wording.install(app)

    @app.before_request
    def begin() -> ResponseReturnValue | None:
        _number_request()
        if request.blueprint in ROOMIER:
            request.max_content_length = request.max_form_memory_size = MOST_DOCUMENT_BYTES
        _refuse_nul()
        return access.guard(app)

    app.teardown_request(_forget_request)
    oidc = parts.settings.oidc
    app.context_processor(lambda: {"visitor": find_visitor(), "single_sign_on": oidc and oidc.name})
    headers.install(app, https=parts.settings.public_url.startswith("https:"))
    errors.install(app)
    api.install(app)
    for page in PAGES:
        app.register_blueprint(page.blueprint)


def _number_request() -> None:
    """Every request has an id, which its answer and its log lines carry."""
    g.request_id = request_id = secrets.token_hex(8)
    g.log_tokens = log.bind(request_id=request_id, method=request.method, endpoint=request.endpoint)


def _refuse_nul() -> None:
    """No address and no form of ours holds a NUL, and PostgreSQL takes none as text."""
    given = [request.path, *_words(request.args)]
    if request.blueprint not in OWN_WORDS:
        given += _words(request.form)
    if any("\0" in word for word in given):
        abort(400)


def _words(fields: MultiDict[str, str]) -> Iterator[str]:
    return chain.from_iterable(fields.items(multi=True))


def _forget_request(_error: BaseException | None) -> None:
    tokens: Any = g.pop("log_tokens", None)
    if tokens:
        log.unbind(tokens)
