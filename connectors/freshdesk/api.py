"""The calls of an opened Freshdesk: one request each, objects and bare lists, pages by number. No paths live here.

Lists have no cursor and no count: a page that is not full is the last one. https://developers.freshdesk.com/api/#pagination
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from requests.auth import HTTPBasicAuth

from connectors.answers import named
from connectors.base import CallLimits, Line
from connectors.errors import ConnectorError, NotFound, Unavailable
from connectors.freshdesk.refusals import Nowhere, freshdesk_refusal
from connectors.http import open_session

PAGE = 100  #: the most that a list gives
MAX_PAGES = 100

Params = Mapping[str, str]


class Api:
    """Freshdesk's API v2 with one agent's key."""

    def __init__(self, *, subdomain: str, base_url: str | None, api_key: str, line: Line) -> None:
        origin = f"https://{subdomain}.freshdesk.com"
        self._root = f"{origin}/api/v2"
        self._tell = line.observe
        self._there = False
        self.limits: dict[str, CallLimits] = {}  #: by bucket, as last told
        self._session = open_session(
            origin=origin,
            base_url=base_url,
            line=replace(line, observe=self._observe),
            refusal=freshdesk_refusal,
            lists=True,
        )
        # The key stands where a name would; the password is not looked at. As bytes: requests would use Latin-1.
        self._session.auth = HTTPBasicAuth(api_key.encode(), b"X")

    def close(self) -> None:
        self._session.close()

    def get(self, path: str, params: Params | None = None, *, of: str = "") -> dict[str, Any]:
        """One object. Raises NotFound, naming `of`, which is what was asked for in our words."""
        body = self._ask("GET", path, of, params=params)
        if not isinstance(body, dict):
            raise Unavailable(f"{of or path}: the helpdesk's answer is not an object")
        return body

    def rows(self, path: str, params: Params | None = None, *, of: str = "") -> list[Any]:
        """One page of a list."""
        body = self._ask("GET", path, of, params=params)
        if not isinstance(body, list):
            raise Unavailable(f"{of or path}: the helpdesk's answer is not a list")
        return body

    def page(self, path: str, number: int, params: Params | None = None, *, of: str = "") -> list[Any]:
        """The page with this number, from 1; empty past the end."""
        return self.rows(path, {**(params or {}), "page": str(number), "per_page": str(PAGE)}, of=of)

    def pages(self, path: str, params: Params | None = None, *, of: str = "") -> Iterator[list[Any]]:
        """Page by page to the end. Raises Unavailable where there are more than we are ready to read."""
        for number in range(1, MAX_PAGES + 1):
            page = self.page(path, number, params, of=of)
            yield page
            if len(page) < PAGE:
                return
        raise Unavailable(f"{of or path}: more than {MAX_PAGES * PAGE}")

    def put(self, path: str, body: Mapping[str, Any], *, of: str = "") -> Any:
        return self._ask("PUT", path, of, json=body)

    def post(self, path: str, body: Mapping[str, Any], *, of: str = "") -> Any:
        return self._ask("POST", path, of, json=body)

    def delete(self, path: str, *, of: str = "") -> None:
        self._ask("DELETE", path, of)

    def _ask(self, method: str, path: str, of: str, **how: Any) -> Any:
        with named(of or path):
            try:
                response = self._session.request(method, f"{self._root}/{path}", **how)
            except Nowhere as error:
                self._require_account(error)
                raise NotFound(str(error)) from error
        self._there = True
        return response.json() if response.content else None

    def _require_account(self, error: Nowhere) -> None:
        """Freshdesk says 404 without a word both for a thing that is gone and for an account that never was.

        Everything of a ticket that is gone is dropped here, so that must not come of a slip in an address.
        """
        if self._there:
            return
        try:
            self._session.get(f"{self._root}/agents/me")
        except ConnectorError as other:
            raise Unavailable(f"{error}, and so it did when asked who we are ({other})") from error
        self._there = True

    def _observe(self, method: str, path: str, status: int, limits: Sequence[CallLimits]) -> None:
        self.limits.update({limit.bucket: limit for limit in limits})
        if self._tell is not None:
            self._tell(method, path, status, limits)
