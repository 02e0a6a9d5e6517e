"""A NUL in an address or a form: refused before PostgreSQL, which has no such text, can break on it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.settings import Settings, load
from app.store.accounts import normal_email
from tests.servers import PostgresServer
from tests.store.conftest import make_tables
from tests.web.conftest import OPERATOR_TOKEN
from tests.web.people import ORIGIN, SignedIn

ADDRESSES = [
    "/audit?by=%00", "/audit?%00=1", "/queue?team=%00", "/queue/rows?holder=%00", "/deliveries?ticket=%00",
    "/tickets/%00", "/audit/export?what=%00", "/api/v1/cases?team=%00",
]  # fmt: skip


@pytest.fixture
def settings(tmp_path: Path, postgres_server: PostgresServer) -> Settings:
    """On PostgreSQL."""
    url = postgres_server.new_database(make_tables)
    return replace(load({}, data_dir=tmp_path), database_url=url, operator_token=OPERATOR_TOKEN)


def test_no_address_and_no_form_with_a_nul_gets_as_far_as_the_database(stranger: FlaskClient, admin: SignedIn) -> None:
    read = {address: admin.get(address).status_code for address in ADDRESSES}
    signing_in = stranger.post("/sign-in", data={"email": "a\0@example.com", "password": "x"}, headers=ORIGIN)
    inviting = admin.post("/people", email="a\0@example.com", role="lead")

    assert read == dict.fromkeys(ADDRESSES, 400)
    assert (signing_in.status_code, inviting.status_code) == (400, 400)


@pytest.mark.parametrize("odd", ["a\0@example.com", "a@exam\u200bple.com", "a\x1b@example.com"])
def test_an_address_has_nothing_in_it_that_nobody_sees(odd: str) -> None:
    with pytest.raises(ValueError, match="not an e-mail address"):
        normal_email(odd)
