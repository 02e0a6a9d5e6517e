"""Security headers, the same on every answer. Only the sidebar may be framed, and only by its own helpdesk."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from flask import Flask, Response, g, request

SIDEBAR = "/sidebar/"

_POLICY = (
    "default-src 'none'; script-src {scripts}; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
)


def policy(*, scripts: str = "'self'", ancestors: str = "'none'") -> str:
    """The content security policy of a page."""
    return _POLICY.format(scripts=scripts, ancestors=ancestors)


_PLAIN = policy()


def script_source(url: str) -> str:
    """The URL of one script as a policy's source: without query, and with nothing that could end the directive."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{quote(parts.path)}"


def install(app: Flask, *, https: bool) -> None:
    """Set the headers after every request, whoever answered it."""
    always = [("X-Content-Type-Options", "nosniff")]
    if https:
        always.append(("Strict-Transport-Security", "max-age=63072000"))
    unframed = [
        *always,
        ("Content-Security-Policy", _PLAIN),
        ("X-Frame-Options", "DENY"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
    ]

    @app.after_request
    def add(response: Response) -> Response:
        # Added in one go: nobody else sets these, and webhooks come by here too, by the hundred.
        if request.path.startswith(SIDEBAR):
            response.headers.extend(always)
            _frame(response)
        else:
            response.headers.extend(unframed)
        response.headers.add("X-Request-Id", g.get("request_id", ""))
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("Cache-Control", "no-store")
        return response


def keep_link_secret(response: Response) -> Response:
    """For pages whose address is the key to them: no search engine, cache or other site is to learn it."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response


def _frame(response: Response) -> None:
    """A helpdesk's page may frame its own sidebar; until the desk is known, nobody may."""
    origin = g.get("frame_origin")
    scripts = f"'self' {g.zaf_sdk_url}" if g.get("zaf_sdk_url") else "'self'"
    response.headers["Content-Security-Policy"] = policy(scripts=scripts, ancestors=origin or "'none'")
    if origin is None:
        response.headers["X-Frame-Options"] = "DENY"
