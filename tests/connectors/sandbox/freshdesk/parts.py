"""What the tests of the sandbox's Freshdesk half share: its API as a client sees it."""

from __future__ import annotations

from typing import Any

import requests

from connectors.sandbox import Sandbox
from connectors.sandbox.freshdesk.gate import agent_key
from tests.connectors.sandbox.parts import Play


class Api(requests.Session):
    """The vendor's API: `api("PUT", "tickets/1", status=4)`."""

    def __init__(self, sandbox: Sandbox, *, agent_id: int | None = None) -> None:
        super().__init__()
        self.trust_env = False
        self.root = f"{sandbox.url}/api/v2"
        self.auth = (agent_key(sandbox.account, agent_id or sandbox.account.integration_id), "X")

    def __call__(self, method: str, path: str, **body: Any) -> requests.Response:
        return self.request(method, f"{self.root}/{path}", json=body or None, timeout=10)

    def read(self, path: str) -> Any:
        response = self("GET", path)
        assert response.status_code == 200, response.text
        return response.json()

    def wrong(self, method: str, path: str, **body: Any) -> list[tuple[str, str]]:
        """The fields and codes of a refusal."""
        response = self(method, path, **body)
        assert response.status_code == 400, response.text
        found = response.json()
        assert found["description"] == "Validation failed"
        return [(error["field"], error["code"]) for error in found["errors"]]


__all__ = ["Api", "Play"]
