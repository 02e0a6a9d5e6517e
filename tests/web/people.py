"""Browsers of signed-in people, as a test drives them: forms with their session's token and origin."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

ORIGIN = {"Origin": "http://localhost"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    client: FlaskClient
    csrf: str

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def post(self, path: str, **fields: str) -> TestResponse:
        """Send a form as our own page would."""
        return self.client.post(path, data={"csrf": self.csrf, **fields}, headers=ORIGIN)


def sign_in(app: Flask, token: str) -> SignedIn:
    """Use a one-time link up in a fresh browser."""
    client = app.test_client()
    answer = client.post(f"/sign-in/{token}", headers=ORIGIN)
    assert answer.status_code == 303, answer.status_code
    return SignedIn(client=client, csrf=csrf_of(client))


def csrf_of(client: FlaskClient) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', client.get("/").text)
    assert found is not None
    return found[1]
