"""Calls of the API as programs make them: by token within its scopes, once per idempotency key, so many in a minute."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from app.clock import real_now
from app.factory import create_app
from app.settings import Settings
from app.store import accounts, api_tokens, audit, calls
from app.store.api_tokens import NewToken, Scope
from app.store.database import Database, Purpose
from app.store.models import Membership, RecoveryCase, Role
from app.web.api.handling import HandledSchema
from tasks.parts import Parts
from tests import seeds
from tests.seeds import Seeded
from tests.web.conftest import OPERATOR_TOKEN
from tests.web.people import ORIGIN, SignedIn

LATER = real_now() + timedelta(days=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Somebody's program with its token."""

    client: FlaskClient
    token: str
    account_id: int
    token_id: int

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(f"/api/v1/{path}", headers={"Authorization": f"Bearer {self.token}", **headers})

    def post(self, path: str, body: dict[str, Any], **headers: str) -> TestResponse:
        sent = {"Authorization": f"Bearer {self.token}", **headers}
        return self.client.post(f"/api/v1/{path}", json=body, headers=sent)

    def once(self, key: str, path: str, **body: Any) -> TestResponse:
        return self.post(path, body, **{"Idempotency-Key": key})


Write = Callable[..., Program]


@pytest.fixture
def write(web_app: Flask, database: Database, desk_id: int) -> Write:
    """Writes a program: `write(Role.LEAD, "read", "write")`."""

    def make(role: Role, *scopes: str, email: str = "lena@example.com", on: int | None = None) -> Program:
        with database.system(Purpose.SIGN_IN) as session:
            account = accounts.find_or_add(session, email, real_now())
            accounts.grant(session, account.id, role, desk_id=on or desk_id)
            new = NewToken(
                account_id=account.id,
                desk_id=on or desk_id,
                name="a program",
                scopes=frozenset(Scope(one) for one in scopes),
                expires_at=None,
            )
            token_id, token = api_tokens.make(session, new, real_now())
        return Program(client=web_app.test_client(), token=token, account_id=account.id, token_id=token_id)

    return make


def seen(program: Program, story: Seeded) -> int:
    """The case's count of changes, as a program reads it."""
    told = program.get(f"cases/{story.case_id}").json
    assert told is not None
    number: int = told["handling"]
    return number


class TestTokens:
    def test_reach_as_far_as_their_scopes(self, write: Write, story: Seeded) -> None:
        tries: dict[str, Callable[[Program], TestResponse]] = {
            "read": lambda program: program.get("cases"),
            "write": lambda program: program.post(f"cases/{story.case_id}/claim", {}),
            "admin": lambda program: program.post(f"deliveries/{story.dead_delivery_id}/replay", {}),
        }

        met = {
            scope: {tried for tried, call in tries.items() if call(write(Role.ADMIN, scope)).status_code == 200}
            for scope in tries
        }

        assert met == {"read": {"read"}, "write": {"write"}, "admin": {"admin"}}

    def test_reach_no_further_than_the_persons_role(self, write: Write, story: Seeded) -> None:
        agent = write(Role.AGENT, "read", "write", "admin")

        codes = [
            agent.get("cases").status_code,
            agent.get("deliveries").status_code,
            agent.post(f"deliveries/{story.dead_delivery_id}/replay", {}).status_code,
        ]

        assert codes == [200, 403, 403]

    def test_of_an_auditor_read_everything_and_change_nothing(self, write: Write, story: Seeded) -> None:
        auditor = write(Role.AUDITOR, "read", "write", "admin")

        assert auditor.get("audit").status_code == 200
        assert auditor.post(f"cases/{story.case_id}/claim", {}).status_code == 403

    def test_reach_one_desk_only(self, write: Write, story: Seeded, database: Database) -> None:
        second = seeds.add_desk(database, "Second shop")
        program = write(Role.ADMIN, "read")
        with database.system(Purpose.SIGN_IN) as session:
            accounts.grant(session, program.account_id, Role.ADMIN, desk_id=second)

        assert [program.get(f"cases{query}").status_code for query in ("", f"?desk={second}")] == [200, 404]

    def test_end_with_the_persons_role(self, write: Write, story: Seeded, database: Database) -> None:
        program = write(Role.ADMIN, "read")
        with database.system(Purpose.SIGN_IN) as session:
            for held in accounts.memberships(session, program.account_id):
                session.delete(session.get_one(Membership, held.id))

        assert program.get("cases").status_code == 401

    def test_that_are_revoked_or_made_up_open_nothing(self, write: Write, story: Seeded, database: Database) -> None:
        program = write(Role.ADMIN, "read")
        with database.system(Purpose.SIGN_IN) as session:
            api_tokens.revoke(session, program.token_id, real_now())

        assert program.get("cases").status_code == 401
        assert replace(program, token="kin_made-up").get("cases").status_code == 401

    def test_are_looked_up_without_writing(self, write: Write, story: Seeded, database: Database) -> None:
        program = write(Role.ADMIN, "read")
        program.get("cases")
        sent: list[str] = []
        event.listen(database.engine, "before_cursor_execute", lambda *told: sent.append(told[2]))

        unknown = replace(program, token="kin_made-up").get("cases")
        written = [one for one in sent if one == "BEGIN IMMEDIATE"]
        known = program.get("cases")

        assert (unknown.status_code, known.status_code) == (401, 200)
        assert not written
        assert not [one for one in sent if one.startswith("UPDATE api_token")]

    def test_open_no_page(self, write: Write, story: Seeded) -> None:
        program = write(Role.ADMIN, "read", "write", "admin")

        answer = program.client.get("/cases", headers={"Authorization": f"Bearer {program.token}"})

        assert answer.status_code == 303
        assert "/sign-in" in answer.headers["Location"]


class TestHandling:
    def test_a_claim_is_the_persons_and_on_record_as_the_programs(
        self, write: Write, story: Seeded, database: Database
    ) -> None:
        program = write(Role.AGENT, "read", "write")

        answer = program.post(f"cases/{story.case_id}/claim", {})

        assert answer.json is not None
        assert answer.json["case"]["holder"] == f"account:{program.account_id}"
        with database.desk(story.desk_id, read=True) as session:
            (entry,) = audit.page(session, audit.Wanted(did="case")).entries
        assert (entry.by, entry.did) == (f"token:{program.token_id}", "case.claimed")

    def test_what_somebody_has_is_not_claimed_by_another(self, write: Write, story: Seeded) -> None:
        write(Role.AGENT, "write", email="a@example.com").post(f"cases/{story.case_id}/claim", {})

        answer = write(Role.AGENT, "write", email="b@example.com").post(f"cases/{story.case_id}/claim", {})

        assert answer.status_code == 409
        assert answer.json is not None
        assert answer.json["errors"][0]["message"] == "somebody else has it"

    def test_a_case_is_handed_over_snoozed_woken_and_let_go(self, write: Write, story: Seeded) -> None:
        lead = write(Role.LEAD, "read", "write")
        other = write(Role.AGENT, "read", email="b@example.com")
        path = f"cases/{story.case_id}"

        told = []
        for what, body in (
            ("hand-over", {"to": f"account:{other.account_id}"}),
            ("snooze", {"until": LATER.isoformat(), "reason": "The customer is away"}),
            ("wake", {}),
            ("release", {}),
        ):
            answer = lead.post(f"{path}/{what}", {"handling": seen(lead, story), **body})
            assert answer.json is not None
            told.append((answer.json["case"]["holder"], answer.json["case"]["snoozed_until"]))

        held = f"account:{other.account_id}"
        assert told == [(held, None), (held, LATER.isoformat()), (held, None), (None, None)]

    def test_a_change_upon_something_old_is_refused(self, write: Write, story: Seeded) -> None:
        lead = write(Role.LEAD, "read", "write")
        before = seen(lead, story)
        lead.post(f"cases/{story.case_id}/claim", {})

        answer = lead.post(f"cases/{story.case_id}/release", {"handling": before})

        assert answer.status_code == 409
        assert answer.json is not None
        assert answer.json["errors"] == [
            {"path": "handling", "message": "was changed since; read the case again", "value": str(before + 1)}
        ]

    def test_an_agent_gives_away_only_what_is_theirs(self, write: Write, story: Seeded) -> None:
        agent = write(Role.AGENT, "read", "write")

        answer = agent.post(f"cases/{story.case_id}/release", {"handling": seen(agent, story)})

        assert answer.status_code == 403

    @pytest.mark.parametrize(
        ("what", "body", "at"),
        [
            ("hand-over", {"to": "account:999"}, "to"),
            ("hand-over", {"to": "robot"}, "to"),
            ("hand-over", {}, "to"),
            ("snooze", {"until": "2020-01-01T00:00:00Z", "reason": "x"}, "until"),
            ("snooze", {"until": "9999-12-31T23:59:59Z", "reason": "x"}, "until"),
            ("snooze", {"until": LATER.isoformat(), "reason": " "}, "reason"),
            ("snooze", {"until": "soon", "reason": "x"}, "until"),
            ("wake", {"handling": -1}, "handling"),
        ],
    )
    def test_what_cannot_be_meant_is_told_at_its_field(
        self, write: Write, story: Seeded, what: str, body: dict[str, Any], at: str
    ) -> None:
        lead = write(Role.LEAD, "write")

        answer = lead.post(f"cases/{story.case_id}/{what}", {"handling": 0, **body})

        assert answer.status_code == 422
        assert answer.json is not None
        assert {error["path"] for error in answer.json["errors"]} == {at}

    def test_the_operator_hands_over_but_claims_nothing(
        self, stranger: FlaskClient, write: Write, story: Seeded
    ) -> None:
        somebody = write(Role.AGENT, "read")
        operator = {"Authorization": f"Bearer {OPERATOR_TOKEN}"}
        path = f"/api/v1/cases/{story.case_id}"

        claimed = stranger.post(f"{path}/claim", json={}, headers=operator)
        given = {"to": f"account:{somebody.account_id}", "handling": 0}
        handed = stranger.post(f"{path}/hand-over", json=given, headers=operator)

        assert (claimed.status_code, handed.status_code) == (422, 200)

    def test_a_case_that_is_not_there_is_not_found(self, write: Write, story: Seeded) -> None:
        assert write(Role.LEAD, "write").post("cases/999/claim", {}).status_code == 404


class TestIdempotency:
    def test_a_repeated_call_gets_the_first_answer_and_acts_once(
        self, write: Write, story: Seeded, database: Database
    ) -> None:
        lead = write(Role.LEAD, "read", "write")
        path, body = f"cases/{story.case_id}/snooze", {"handling": 0, "until": LATER.isoformat(), "reason": "Away"}

        first, again = lead.once("k-1", path, **body), lead.once("k-1", path, **body)

        assert (first.status_code, again.status_code) == (200, 200)
        assert again.json == first.json
        assert [one.headers.get("Idempotency-Replayed") for one in (first, again)] == [None, "true"]
        with database.desk(story.desk_id, read=True) as session:
            assert session.get_one(RecoveryCase, story.case_id).handling_version == 1

    def test_another_call_under_the_same_key_is_refused(self, write: Write, story: Seeded) -> None:
        lead = write(Role.LEAD, "read", "write")
        lead.once("k-1", f"cases/{story.case_id}/claim")

        body = lead.once("k-1", f"cases/{story.case_id}/claim", desk=story.desk_id)
        path = lead.once("k-1", f"cases/{story.case_id}/wake")

        assert (body.status_code, path.status_code) == (422, 422)
        assert body.json is not None
        assert body.json["errors"][0]["path"] == "Idempotency-Key"

    def test_keys_of_two_programs_do_not_meet(self, write: Write, story: Seeded) -> None:
        path = f"cases/{story.case_id}/claim"
        write(Role.LEAD, "write", email="a@example.com").once("k-1", path)

        other = write(Role.LEAD, "write", email="b@example.com").once("k-1", path)

        assert other.status_code == 409

    def test_a_refused_call_may_be_corrected_under_its_key(self, write: Write, story: Seeded) -> None:
        lead = write(Role.LEAD, "read", "write")

        wrong = lead.once("k-1", f"cases/{story.case_id}/wake", handling=7)
        right = lead.once("k-1", f"cases/{story.case_id}/wake", handling=0)

        assert (wrong.status_code, right.status_code) == (409, 200)

    def test_while_the_first_call_is_answered_the_second_waits(
        self, write: Write, story: Seeded, database: Database
    ) -> None:
        lead = write(Role.LEAD, "write")
        path = f"/api/v1/cases/{story.case_id}/claim"
        content = b"\0".join((b"POST", f"{path}?".encode(), b"{}"))
        asked = calls.Request(caller=f"token:{lead.token_id}", key="k-1", content=content)
        with database.system(Purpose.SIGN_IN) as session:
            calls.begin(session, asked, real_now())

        answer = lead.once("k-1", f"cases/{story.case_id}/claim")

        assert (answer.status_code, answer.headers["Retry-After"]) == (409, "1")

    def test_what_was_stored_before_the_work_broke_off_is_not_done_again(
        self, write: Write, story: Seeded, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lead = write(Role.LEAD, "read", "write")
        path = f"cases/{story.case_id}/claim"

        def crash(_schema: Any, _told: Any, **_how: Any) -> None:
            raise RuntimeError("the answer could not be written")

        with monkeypatch.context() as patched:
            patched.setattr(HandledSchema, "dump", crash)
            first = lead.once("k-1", path)
        again = lead.once("k-1", path)

        assert (first.status_code, again.status_code) == (500, 409)
        assert "may have been carried out" in again.get_data(as_text=True)
        assert seen(lead, story) == 1

    def test_the_answer_is_not_told_to_who_may_not_see_the_desk_any_more(
        self, write: Write, story: Seeded, database: Database, person: Callable[..., SignedIn]
    ) -> None:
        second = seeds.add_desk(database, "Second shop")
        seeds.add_link(database, Role.LEAD, desk_id=second)
        lead = person(Role.LEAD)
        headers = {**ORIGIN, "X-CSRF-Token": lead.csrf, "Idempotency-Key": "k-1"}
        body = {"desk": story.desk_id}
        path = f"/api/v1/cases/{story.case_id}/claim"
        first = lead.client.post(path, json=body, headers=headers)
        with database.system(Purpose.SIGN_IN) as session:
            account = accounts.find_by_email(session, "lena@example.com")
            assert account is not None
            for held in accounts.memberships(session, account.id):
                if held.desk_id == story.desk_id:
                    session.delete(session.get_one(Membership, held.id))

        again = lead.client.post(path, json=body, headers=headers)

        assert (first.status_code, again.status_code) == (200, 404)

    @pytest.mark.parametrize("key", ["", "two words", "x" * 256, "é"])
    def test_a_key_is_a_word(self, write: Write, story: Seeded, key: str) -> None:
        answer = write(Role.LEAD, "write").once(key, f"cases/{story.case_id}/claim")

        assert answer.status_code == 422


class TestPace:
    @pytest.fixture
    def hasty(self, settings: Settings, joined: Parts, write: Write) -> Program:
        """A program of a house that allows two calls in a minute."""
        narrow = replace(settings, api_per_minute=2)
        app = create_app(narrow, replace(joined, settings=narrow))
        return replace(write(Role.ADMIN, "read", "write"), client=app.test_client())

    def test_who_calls_too_often_is_told_when_to_come_back(
        self, hasty: Program, story: Seeded, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = datetime(2026, 3, 2, 9, 0, 20, tzinfo=UTC)
        monkeypatch.setattr("app.web.api.pace.real_now", lambda: now)

        answers = [hasty.get("cases") for _ in range(3)]

        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert [answer.headers["RateLimit"] for answer in answers] == [
            '"minute";r=1;t=40', '"minute";r=0;t=40', '"minute";r=0;t=40',
        ]  # fmt: skip
        assert answers[2].headers["RateLimit-Policy"] == '"minute";q=2;w=60'
        assert (answers[2].headers["Retry-After"], answers[2].mimetype) == ("40", "application/problem+json")

    def test_the_next_minute_begins_afresh(
        self, hasty: Program, story: Seeded, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = datetime(2026, 3, 2, 9, 0, 20, tzinfo=UTC)
        monkeypatch.setattr("app.web.api.pace.real_now", lambda: now)
        for _ in range(3):
            hasty.get("cases")

        monkeypatch.setattr("app.web.api.pace.real_now", lambda: now + timedelta(seconds=40))

        assert hasty.get("cases").status_code == 200

    def test_one_program_takes_nothing_from_another(self, hasty: Program, write: Write, story: Seeded) -> None:
        other = replace(write(Role.ADMIN, "read", email="b@example.com"), client=hasty.client)
        for _ in range(3):
            hasty.get("cases")

        assert other.get("cases").status_code == 200
