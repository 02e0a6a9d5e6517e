"""Pages, the sidebar and the API: one blueprint per noun, thin, joined here. Pages know nothing of each other."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from flask import Flask, g, request
from flask.typing import ResponseReturnValue

from app import log
from app.web import (
    access,
    api,
    cases,
    deliveries,
    desks,
    errors,
    headers,
    health,
    home,
    impact,
    protocols,
    sidebar,
    sign_in,
    surveys,
    tickets,
    webhooks,
    wording,
)
from app.web.context import EXTENSION, find_visitor
from app.web.paths import IdConverter

if TYPE_CHECKING:
    from tasks.parts import Parts

#: Every page. Adding one is a module with a `blueprint`, and its name here.
PAGES = (
    home, sign_in, cases, tickets, protocols, impact, deliveries, desks, sidebar, webhooks, surveys, health
)  # fmt: skip


def register(app: Flask, parts: Parts) -> None:
    """Give the app its parts, its rules for every request, and its pages."""
    app.extensions[EXTENSION] = parts
    app.url_map.converters["id"] = IdConverter
    wording.install(app)
    _number_requests(app)

    @app.before_request
    def guard() -> ResponseReturnValue | None:
        return access.guard(app)

    app.context_processor(lambda: {"visitor": find_visitor()})
    headers.install(app, https=parts.settings.public_url.startswith("https:"))
    errors.install(app)
    api.install(app)
    for page in PAGES:
        app.register_blueprint(page.blueprint)


def _number_requests(app: Flask) -> None:
    """Every request has an id, which its answer and its log lines carry."""

    @app.before_request
    def number() -> None:
        g.request_id = secrets.token_hex(8)
        g.log_tokens = log.bind(request_id=g.request_id, method=request.method, endpoint=request.endpoint)

    @app.teardown_request
    def forget(_error: BaseException | None) -> None:
        tokens: Any = g.pop("log_tokens", None)
        if tokens:
            log.unbind(tokens)
