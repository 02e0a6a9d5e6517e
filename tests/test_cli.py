"""The `kintsugi` command: what it prints where, and its exit codes. Whole runs of the product are in tests/e2e."""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import structlog
from click.testing import CliRunner, Result

from app.cli import main
from app.clock import real_now
from app.factory import build
from app.protocols.document import read_document
from app.protocols.packs import load_pack
from app.settings import Settings, load, new_key
from app.store import audit, desks, schema
from app.store.database import Database, Purpose
from app.store.models import Desk, DeskState
from app.vault import Vault
from connectors.sandbox.server import Sandbox
from tests import seeds
from tests.servers import free_port

Run = Callable[..., Result]

ANGRY = {"id": "a", "turns": [{"role": "customer", "text": "Terrible. This is the third time, cancel my order."}]}

PROTOCOL = """\
name: Late parcel
cause: unknown
criteria:
  all:
    - {field: score, operator: at_most, value: 40}
team: Recovery
actions:
  - {do: assign, group: Recovery, to: group}
"""
BROKEN = """\
name: Late parcel
cause: nonsense
criteria:
  all:
    - {field: score, operator: at_most, value: many}
actions:
  - {do: dance}
"""


@pytest.fixture(scope="module")
def empty_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with keys and an empty database, made once and copied for each test."""
    folder = tmp_path_factory.mktemp("house")
    parts = build(load({}, data_dir=folder))
    schema.migrate(parts.database)
    parts.database.close()
    return folder


@pytest.fixture
def house(tmp_path: Path, empty_house: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data directory that every command of a test works on, and no other setting."""
    for name in [name for name in os.environ if name.startswith("KINTSUGI_")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "house"
    shutil.copytree(empty_house, folder)
    monkeypatch.setenv("KINTSUGI_DATA_DIR", str(folder))
    return folder


@pytest.fixture
def run(house: Path) -> Iterator[Run]:
    """Runs a command in this process; logging is as it was afterwards, for the command's stderr is gone then."""
    handlers, level = logging.root.handlers[:], logging.root.level

    def invoke(*words: object, stdin: str | None = None) -> Result:
        return CliRunner().invoke(main, [str(word) for word in words], input=stdin)

    yield invoke
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def settings(house: Path) -> Settings:
    return load({}, data_dir=house)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """The database that the commands work on, looked at from outside."""
    database = Database(settings.database_url, vault=Vault(settings.secret_keys))
    yield database
    database.close()


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    server = Sandbox(file=tmp_path_factory.mktemp("sandbox") / "sandbox.sqlite", now=real_now)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def secrets(sandbox: Sandbox) -> dict[str, str]:
    """What the sandbox's account signs in with."""
    account = sandbox.account
    return {"email": account.email, "api_token": account.api_token, "webhook_secret": account.webhook_secret}


@pytest.fixture
def add(run: Run, tmp_path: Path, sandbox: Sandbox, secrets: dict[str, str]) -> Callable[..., Result]:
    """`desk add` with a secret file: the sandbox's own, or with what the test says."""

    def make(*more: str, name: str = "Shop", url: str | None = None, text: str | None = None, **changed: Any) -> Result:
        file = tmp_path / "secret.json"
        document = {key: value for key, value in {**secrets, **changed}.items() if value is not None}
        file.write_text(text if text is not None else json.dumps(document), encoding="utf-8")
        command = ["desk", "add", "zendesk", "--name", name, "--subdomain", "sandbox", "--secret-file", str(file)]
        return run(*command, "--base-url", url or sandbox.url, *more)

    return make


def written(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def commands(command: click.Command, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command there is, as the words that call it."""
    yield words
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from commands(below, (*words, name))


class TestEveryCommand:
    @pytest.mark.parametrize("words", list(commands(main)), ids=" ".join)
    def test_explains_itself(self, words: tuple[str, ...], run: Run):
        said = run(*words, "--help")

        assert said.exit_code == 0
        assert said.stdout.startswith("Usage: ")
        assert len(said.stdout.split("\n\n")[1].strip()) > 15

    @pytest.mark.parametrize("words", [["nonsense"], ["score", "--nonsense"], ["desk", "add", "phone"], ["replay"]])
    def test_calls_a_wrong_word_a_matter_of_usage(self, words: list[str], run: Run):
        said = run(*words)

        assert said.exit_code == 2
        assert said.stdout == ""
        assert said.stderr.startswith("Usage: ")

    def test_names_a_setting_that_cannot_be_right(self, run: Run, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("KINTSUGI_TEXT_DAYS", "soon")

        said = run("desk", "list")

        assert said.exit_code == 2
        assert "KINTSUGI_TEXT_DAYS" in said.stderr
        assert "'soon'" in said.stderr

    def test_names_a_prior_that_does_not_exist(self, run: Run, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("KINTSUGI_PRIOR", "crystal-ball")

        said = [run("desk", "list"), run("score", stdin="")]

        assert [one.exit_code for one in said] == [2, 2]
        assert all("KINTSUGI_PRIOR: no prior 'crystal-ball'" in one.stderr for one in said)

    def test_says_so_when_the_database_does_not_answer(self, run: Run, monkeypatch: pytest.MonkeyPatch):
        url = f"postgresql://kintsugi:made-up-password@127.0.0.1:{free_port()}/kintsugi"
        monkeypatch.setenv("KINTSUGI_DATABASE_URL", url)
        monkeypatch.setenv("KINTSUGI_BROKER_URL", "redis://127.0.0.1:1/0")
        monkeypatch.setenv("KINTSUGI_SECRET_KEYS", new_key())

        said = run("migrate")

        assert said.exit_code == 1
        assert "the database does not answer: check KINTSUGI_DATABASE_URL" in said.stderr
        assert "made-up-password" not in said.output


class TestScore:
    def test_scores_what_comes_on_standard_input(self, run: Run):
        said = run("score", stdin=json.dumps(ANGRY) + "\n\n")

        (line,) = [json.loads(line) for line in said.stdout.splitlines()]
        assert said.exit_code == 0
        assert line["id"] == "a"
        assert [turn["index"] for turn in line["turns"]] == [0]
        assert line["turns"][0]["p_satisfied"] < 0.5

    def test_scores_a_file(self, run: Run, tmp_path: Path):
        file = written(tmp_path, "talk.jsonl", json.dumps(ANGRY))

        said = run("score", file)

        assert said.exit_code == 0
        assert json.loads(said.stdout)["id"] == "a"

    def test_names_each_bad_line_and_scores_the_others(self, run: Run):
        lines = ["{", json.dumps(ANGRY), json.dumps({"id": "b"}), json.dumps({"id": "c", "turns": [{"role": "bot"}]})]

        said = run("score", stdin="\n".join(lines))

        assert said.exit_code == 1
        assert [json.loads(line)["id"] for line in said.stdout.splitlines()] == ["a"]
        words = said.stderr.splitlines()
        assert words[0] == "line 1: not JSON (column 1)"
        assert words[1].startswith("line 3: turns")
        assert words[2].startswith("line 4: turns[0]")

    def test_needs_the_file_to_exist(self, run: Run, tmp_path: Path):
        said = run("score", tmp_path / "nowhere.jsonl")

        assert said.exit_code == 2
        assert "nowhere.jsonl" in said.stderr


class TestDeskAdd:
    def test_connects_an_account_and_prints_its_webhook_path(self, add: Callable[..., Result], database: Database):
        said = add("--json")

        document = json.loads(said.stdout)
        assert said.exit_code == 0
        assert document["webhook_path"] == f"/hooks/{document['key']}"
        with database.system(Purpose.OPERATE, read=True) as session:
            row = session.get_one(Desk, document["desk"])
            assert (row.name, row.key, row.state) == ("Shop", document["key"], DeskState.ACTIVE)
            assert row.integration_user_id

    def test_takes_secrets_from_the_environment(
        self, run: Run, sandbox: Sandbox, secrets: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ):
        for name, value in secrets.items():
            monkeypatch.setenv(f"KINTSUGI_DESK_{name.upper()}", value)

        said = run("desk", "add", "zendesk", "--name", "Shop", "--subdomain", "sandbox", "--base-url", sandbox.url)

        assert said.exit_code == 0
        assert "Its webhook path is /hooks/" in said.stdout

    def test_says_which_secrets_it_needs_where_there_are_none(self, run: Run, sandbox: Sandbox):
        said = run("desk", "add", "zendesk", "--name", "Shop", "--subdomain", "sandbox", "--base-url", sandbox.url)

        assert said.exit_code == 1
        assert "--secret-file" in said.stderr
        assert "KINTSUGI_DESK_CLIENT_SECRET" in said.stderr

    def test_refuses_credentials_that_the_helpdesk_refuses(self, add: Callable[..., Result]):
        said = add(api_token="made-up-and-wrong")

        assert said.exit_code == 1
        assert "the helpdesk refused these credentials" in said.stderr
        assert "made-up-and-wrong" not in said.output

    def test_stores_a_desk_whose_helpdesk_does_not_answer_yet_with_a_warning(self, add: Callable[..., Result]):
        said = add("--json", url=f"http://127.0.0.1:{free_port()}")

        assert said.exit_code == 0
        assert "warning: the helpdesk does not answer yet" in said.stderr
        assert "warning: Zendesk's API tokens stop working on 2027-04-30" in said.stderr
        assert json.loads(said.stdout)["desk"]

    @pytest.mark.parametrize("url", ["https://example.com", "http://192.0.2.7:8001", "http://localhost.example.com"])
    def test_refuses_a_base_url_that_is_not_on_this_machine(self, url: str, add: Callable[..., Result]):
        said = add(url=url)

        assert said.exit_code == 1
        assert "--base-url: only an address on this machine" in said.stderr

    def test_refuses_a_name_that_is_taken(self, add: Callable[..., Result]):
        add()

        said = add()

        assert said.exit_code == 1
        assert "--name: there is a desk called 'Shop' already" in said.stderr

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ('{"email": "me@example.com",', "secret file: not JSON (line 1, column 28)"),
            ('["sesame-open"]', "secret file: must be a JSON object"),
            ('{"email": "me@example.com", "api_token": 7}', "secret file: api_token: must be a non-empty string"),
        ],
    )
    def test_names_what_is_wrong_with_the_secret_file(self, text: str, words: str, add: Callable[..., Result]):
        said = add(text=text)

        assert said.exit_code == 1
        assert words in said.stderr
        assert "sesame-open" not in said.output

    def test_a_webhook_secret_that_is_yet_to_come_is_no_obstacle(
        self, add: Callable[..., Result], secrets: dict[str, str], database: Database
    ):
        said = add(webhook_secret=None)

        assert said.exit_code == 0
        assert "kintsugi desk install" in said.stderr
        with database.system(Purpose.OPERATE, read=True) as session:
            (desk,) = desks.all_of(session)
            assert len(desks.webhook_secrets(session, desk)[0]) >= 32

    @pytest.mark.parametrize("missing", ["email", "api_token"])
    def test_names_a_credential_that_is_missing(
        self, missing: str, add: Callable[..., Result], secrets: dict[str, str]
    ):
        said = add(**{missing: None})

        assert said.exit_code == 1
        assert missing in said.stderr
        assert all(value not in said.output for key, value in secrets.items() if key != "email")

    def test_refuses_a_subdomain_that_is_none(self, run: Run, tmp_path: Path, secrets: dict[str, str]):
        file = written(tmp_path, "secret.json", json.dumps(secrets))

        said = run("desk", "add", "zendesk", "--name", "Shop", "--subdomain", "evil.example/x", "--secret-file", file)

        assert said.exit_code == 1
        assert "subdomain" in said.stderr


class TestDesks:
    def test_lists_none_with_what_to_do(self, run: Run):
        assert "kintsugi desk add --help" in run("desk", "list").stdout
        assert json.loads(run("desk", "list", "--json").stdout) == []

    def test_lists_them(self, run: Run, add: Callable[..., Result]):
        add()

        said = run("desk", "list", "--json")

        assert json.loads(said.stdout) == [
            {"desk": 1, "name": "Shop", "kind": "zendesk", "state": "active", "reason": None}
        ]

    def test_checks_one_by_asking_the_helpdesk(self, run: Run, add: Callable[..., Result], sandbox: Sandbox):
        add()
        sandbox.connect(endpoint="http://127.0.0.1:9/hooks/x")

        said = run("desk", "check", "--json")

        found = json.loads(said.stdout)
        assert len(found) > 1
        assert {"name", "ok", "detail", "remedy"} == set(found[0])
        assert said.exit_code == (0 if all(one["ok"] for one in found) else 1)

    def test_finds_what_is_wrong_with_one(self, run: Run, add: Callable[..., Result]):
        add(url=f"http://127.0.0.1:{free_port()}")

        said = run("desk", "check")

        assert said.exit_code == 1
        assert "BAD" in said.output or "Error: " in said.stderr

    def test_resumes_one_that_was_paused(self, run: Run, database: Database):
        desk_id = seeds.add_desk(database)
        with database.system(Purpose.OPERATE) as session:
            row = session.get_one(Desk, desk_id)
            row.state, row.reason = DeskState.PAUSED, "made up"

        said = run("desk", "resume")

        assert said.exit_code == 0
        with database.system(Purpose.OPERATE, read=True) as session:
            assert session.get_one(Desk, desk_id).state is DeskState.ACTIVE
        assert seeds.on_record(database, desk_id) == [("operator", "desk.resumed", f"desk:{desk_id}")]

    def test_asks_which_one_is_meant_where_there_are_two(self, run: Run, database: Database):
        seeds.add_desk(database, "First shop")
        seeds.add_desk(database, "Second shop")

        said = [run("desk", "resume"), run("desk", "resume", "--desk", "Third"), run("desk", "resume", "--desk", "2")]

        assert [one.exit_code for one in said] == [2, 2, 0]
        assert "--desk: say which" in said[0].stderr
        assert "--desk: there is no such desk" in said[1].stderr

    def test_erases_one_only_where_that_is_said_twice(self, run: Run, database: Database):
        seeds.add_story(database, seeds.add_desk(database))

        said = [run("desk", "remove"), run("desk", "remove", "--yes")]

        assert [one.exit_code for one in said] == [2, 0]
        assert "this erases everything stored of 'Example shop' for good; say --yes" in said[0].stderr
        assert "Example shop is erased" in said[1].stderr
        assert json.loads(run("desk", "list", "--json").stdout) == []


class TestSetUp:
    def test_brings_an_empty_database_to_the_newest_schema(
        self, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setenv("KINTSUGI_DATA_DIR", str(tmp_path / "fresh"))

        said = [run("migrate"), run("migrate")]

        assert [one.exit_code for one in said] == [0, 0]
        assert all(f"The schema is at {schema.newest()}." in one.stderr for one in said)

    def test_refuses_other_commands_on_a_schema_that_is_behind(
        self, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setenv("KINTSUGI_DATABASE_URL", f"sqlite:///{tmp_path / 'empty.sqlite'}")
        monkeypatch.setenv("KINTSUGI_SECRET_KEYS", new_key())

        said = run("desk", "list")

        assert said.exit_code == 1
        assert "run `kintsugi migrate`" in said.stderr

    def test_examines_the_installation(self, run: Run):
        said = run("doctor", "--json")

        found = json.loads(said.stdout)
        assert said.exit_code == 0
        assert {"database", "broker", "mail", "work"} <= {one["name"] for one in found}
        assert all(one["ok"] for one in found)

    def test_ends_an_examination_with_1_where_something_is_wrong(self, run: Run, database: Database):
        desk_id = seeds.add_desk(database)
        with database.system(Purpose.OPERATE) as session:
            session.get_one(Desk, desk_id).state = DeskState.PAUSED

        said = run("doctor")

        assert said.exit_code == 1
        assert "BAD  desk Example shop: paused run `kintsugi desk check`" in said.stdout

    def test_makes_a_key_and_nothing_else(self, run: Run, house: Path):
        said = run("doctor", "--new-key")

        assert said.exit_code == 0
        assert Vault([said.stdout.strip()]).open(Vault([said.stdout.strip()]).seal("x")) == "x"

    def test_invites_a_person_by_a_link(self, run: Run):
        said = run("user", "add", "mira@example.com", "--role", "lead", stdin="")

        assert said.exit_code == 0
        assert said.stdout.startswith("http://127.0.0.1:8000/sign-in/")

    def test_takes_a_password_from_standard_input(self, run: Run):
        said = run("user", "add", "mira@example.com", "--role", "admin", stdin="a long and made up phrase\n")

        assert said.exit_code == 0
        assert said.stdout == "mira@example.com can sign in.\n"

    def test_refuses_a_poor_password(self, run: Run):
        said = run("user", "add", "mira@example.com", "--role", "admin", stdin="short\n")

        assert said.exit_code == 1
        assert said.stderr == "Error: password: must have at least 12 characters\n"

    def test_takes_away_a_role_on_every_desk(self, run: Run):
        run("user", "add", "mira@example.com", "--role", "auditor", stdin="")

        first, second = (run("user", "remove", "mira@example.com") for _ in range(2))

        assert (first.exit_code, first.stdout) == (0, "mira@example.com has that role no more.\n")
        assert (second.exit_code, second.stderr) == (1, "Error: mira@example.com has no such role\n")

    def test_roles_are_on_record_on_each_desk(self, run: Run, database: Database):
        desk_ids = [seeds.add_desk(database, name) for name in ("Example shop", "Second shop")]

        run("user", "add", "mira@example.com", "--role", "lead", stdin="")
        run("user", "add", "mira@example.com", "--role", "admin", stdin="a long and made up phrase\n")
        run("user", "remove", "mira@example.com")

        told = [
            ("member.invited", {"role": "lead"}), ("member.link_made", None),
            ("member.role_changed", {"from": "lead", "to": "admin"}), ("member.password_set", None),
            ("member.removed", None),
        ]  # fmt: skip
        for desk_id in desk_ids:
            with database.desk(desk_id, read=True) as session:
                kept = audit.after(session, audit.Wanted(), 0)
            assert [(one.did, one.detail) for one in kept] == told
            assert {(one.by, one.what) for one in kept} == {("operator", "account:1")}

    def test_a_role_on_one_desk_is_on_record_there_alone(self, run: Run, database: Database):
        here, there = (seeds.add_desk(database, name) for name in ("Example shop", "Second shop"))

        run("user", "add", "mira@example.com", "--role", "agent", "--desk", "Example shop", stdin="")

        with database.desk(here, read=True) as session:
            assert [one.did for one in audit.after(session, audit.Wanted(), 0)] == [
                "member.invited", "member.link_made",
            ]  # fmt: skip
        with database.desk(there, read=True) as session:
            assert not audit.after(session, audit.Wanted(), 0)

    def test_leaves_a_desk_its_last_admin(self, run: Run, database: Database):
        seeds.add_desk(database)
        run("user", "add", "mira@example.com", "--role", "admin", "--desk", "Example shop", stdin="")

        said = run("user", "remove", "mira@example.com", "--desk", "Example shop")

        assert (said.exit_code, said.stderr) == (1, "Error: mira@example.com: the last admin\n")

    def test_refuses_what_is_no_address(self, run: Run):
        said = run("user", "add", "nobody", "--role", "admin", stdin="")

        assert said.exit_code == 1
        assert "'nobody'" in said.stderr

    def test_reports_the_funnel(self, run: Run, database: Database):
        seeds.add_story(database, seeds.add_desk(database))

        said = run("report", "funnel", "--json")

        assert said.exit_code == 0
        assert json.loads(said.stdout)


class TestReplay:
    @pytest.mark.parametrize(
        ("line", "words"),
        [
            ("{", "line 2: not JSON (column "),
            ('{"turns": []}', "line 2: id: must be a non-empty string"),
            ('{"id": "b", "turns": []}', "line 2: turns: must be a non-empty list"),
            ('{"id": "b", "turns": [{"role": "agent", "text": "Hi"}]}', "line 2: turns[0].role: a ticket begins with"),
            (
                '{"id": "b", "turns": [{"role": "bot", "text": "Hi"}]}',
                "line 2: turns[0].role: must be customer or agent",
            ),
            ('{"id": "b", "turns": [{"role": "customer", "text": 7}]}', "line 2: turns[0].text: must be a string"),
            (
                '{"id": "b", "turns": [{"role": "customer", "text": "", "at": "noon"}]}',
                "line 2: turns[0].at: must be an ISO 8601 time",
            ),
            (
                '{"id": "b", "turns": [{"role": "customer", "text": ""}], "overall": [9]}',
                "line 2: overall: must be one or several numbers from 1 to 5",
            ),
        ],
    )
    def test_names_line_and_field_of_what_it_cannot_play(self, line: str, words: str, run: Run, tmp_path: Path):
        file = written(tmp_path, "talk.jsonl", json.dumps(ANGRY) + "\n" + line + "\n")

        said = run("replay", file, "--json")

        assert said.exit_code == 1
        assert said.stdout == ""
        assert words in said.stderr

    def test_cannot_play_a_file_that_is_no_text(self, run: Run, tmp_path: Path):
        (tmp_path / "talk.jsonl.gz").write_bytes(b"not gzipped")

        said = run("replay", tmp_path / "talk.jsonl.gz")

        assert said.exit_code == 1
        assert "talk.jsonl.gz: cannot be read" in said.stderr

    def test_wants_both_servers_or_none(self, run: Run, tmp_path: Path):
        file = written(tmp_path, "talk.jsonl", json.dumps(ANGRY))

        said = run("replay", file, "--broker-url", "redis://127.0.0.1:1/0")

        assert said.exit_code == 1
        assert "--database-url and --broker-url go together" in said.stderr


class TestProtocolCheck:
    def test_finds_the_shipped_packs_sound(self, run: Run):
        said = run("protocol", "check", "pack:default")

        assert said.exit_code == 0
        assert "all sound" in said.stdout
        assert "were not checked, since no helpdesk was asked" in said.stdout

    @pytest.mark.capability("PRO-02")
    def test_names_every_error_with_its_path_and_value(self, run: Run, tmp_path: Path):
        said = run("protocol", "check", written(tmp_path, "late.yaml", BROKEN))

        assert said.exit_code == 1
        errors = [line for line in said.stdout.splitlines() if not line.startswith("note: ")]
        assert {line.split(":")[0] for line in errors} == {"cause", "criteria.all[0].value", "actions[0].do"}
        assert 'criteria.all[0].value: must be a number (got "many")' in errors

    def test_says_which_document_of_several_is_meant(self, run: Run, tmp_path: Path):
        sound, broken = written(tmp_path, "sound.yaml", PROTOCOL), written(tmp_path, "broken.yaml", BROKEN)

        said = run("protocol", "check", sound, broken, "--json")

        document = json.loads(said.stdout)
        assert said.exit_code == 1
        assert (document["ok"], document["live"]) == (False, False)
        assert [(Path(one["source"]).name, len(one["errors"])) for one in document["documents"]] == [
            ("sound.yaml", 0),
            ("broken.yaml", 3),
        ]

    @pytest.mark.parametrize("word", ["pack:nonsense", "nowhere.yaml"])
    def test_names_what_cannot_be_read(self, word: str, run: Run):
        said = run("protocol", "check", word)

        assert said.exit_code == 1
        assert word.removeprefix("pack:") in said.stderr

    def test_asks_a_desk_for_what_a_document_names(self, run: Run, add: Callable[..., Result], tmp_path: Path):
        add()
        file = written(tmp_path, "late.yaml", PROTOCOL.replace("group: Recovery", "group: Wizards"))

        said = run("protocol", "check", file, "--desk", "Shop")

        assert said.exit_code == 1
        assert said.stdout == 'actions[0].group: the desk has no group "Wizards"\n'

    @pytest.mark.parametrize(
        ("action", "line"),
        [
            ("{do: assign, to: member, member: Nobody}", 'actions[0].member: the desk has no agent "Nobody"'),
            ("{do: field, field: colour, value: red}", 'actions[0].field: the desk has no field "colour"'),
            (
                "{do: assign, group: Recovery, to: skill, skill: magic}",
                'actions[0].skill: the desk has no skill "magic"',
            ),
        ],
    )
    def test_asks_a_desk_for_people_and_fields_too(
        self, action: str, line: str, run: Run, add: Callable[..., Result], tmp_path: Path
    ):
        add()
        text = f"name: Late\ncriteria: {{all: [{{field: score, operator: below, value: 9}}]}}\nactions: [{action}]\n"

        said = run("protocol", "check", written(tmp_path, "late.yaml", text), "--desk", "Shop")

        assert (said.exit_code, said.stdout) == (1, f"{line}\n")

    def test_warns_of_a_tag_that_the_desk_has_not_seen(self, run: Run, add: Callable[..., Result], tmp_path: Path):
        add()
        rare = "{field: tags, operator: includes, value: never_seen}"
        text = f"name: Late\ncriteria: {{all: [{rare}]}}\nactions: [{{do: priority, to: high}}]\n"

        said = run("protocol", "check", written(tmp_path, "late.yaml", text), "--desk", "Shop")

        assert said.exit_code == 0
        assert 'warning: criteria.all[0].value: the desk has no tag "never_seen"' in said.stdout


class TestProtocols:
    @pytest.fixture(autouse=True)
    def _desk(self, add: Callable[..., Result]) -> None:
        add()

    def listed(self, run: Run) -> list[tuple[str, int, str]]:
        rows = json.loads(run("protocol", "list", "--json").stdout)
        return [(row["protocol"], row["version"], row["state"]) for row in rows]

    def test_are_those_of_the_default_pack_on_a_fresh_desk(self, run: Run):
        assert self.listed(run) == [("Bad rating", 1, "published"), ("Unhappy and getting worse", 1, "published")]

    def test_are_stored_as_drafts_and_once(self, run: Run, tmp_path: Path):
        file = written(tmp_path, "late.yaml", PROTOCOL)

        said = [run("protocol", "import", file, "--json"), run("protocol", "import", file, "--json")]

        assert [json.loads(one.stdout) for one in said] == [
            [{"protocol": "Late parcel", "version": 1, "state": "draft", "new": True}],
            [{"protocol": "Late parcel", "version": 1, "state": "draft", "new": False}],
        ]
        assert self.listed(run)[2] == ("Late parcel", 1, "draft")

    def test_are_not_stored_where_one_of_them_is_broken(self, run: Run, tmp_path: Path):
        files = written(tmp_path, "sound.yaml", PROTOCOL), written(tmp_path, "broken.yaml", BROKEN)

        said = run("protocol", "import", *files)

        assert said.exit_code == 1
        assert said.stdout == ""
        assert "broken.yaml:" in said.stderr
        assert len(self.listed(run)) == 2

    @pytest.mark.capability("CRI-06")
    @pytest.mark.parametrize("name", ["financial", "healthcare", "marketplace", "retail", "subscription", "telecom"])
    def test_of_a_pack_take_the_default_ones_place(self, name: str, run: Run):
        said = run("protocol", "import", f"pack:{name}", "--publish")

        assert said.exit_code == 0, said.stderr
        wanted = [read_document(text).name for text in load_pack(name)]
        versions = {"Bad rating": 2, "Unhappy and getting worse": 2}
        assert self.listed(run) == [(one, versions.get(one, 1), "published") for one in wanted]

    def test_of_a_pack_stand_before_the_known_ones_that_follow_them(self, run: Run, tmp_path: Path):
        run("protocol", "import", written(tmp_path, "late.yaml", PROTOCOL))

        run("protocol", "import", "pack:telecom")

        asked = [name for name, _, _ in self.listed(run)]
        wanted = [read_document(text).name for text in load_pack("telecom")]
        assert asked == [*wanted, "Late parcel"]

    @pytest.mark.capability("PRO-01")
    def test_are_not_published_where_a_cause_would_have_two(self, run: Run, tmp_path: Path):
        run("protocol", "import", written(tmp_path, "late.yaml", PROTOCOL))

        said = run("protocol", "publish", "Late parcel")

        assert said.exit_code == 1
        assert 'cause: unknown has a protocol already, "Unhappy and getting worse"' in said.stderr
        assert self.listed(run)[2] == ("Late parcel", 1, "draft")

    @pytest.mark.capability("PRO-02")
    @pytest.mark.parametrize(
        ("change", "line"),
        [
            (("group: Recovery", "group: Wizards"), 'actions[0].group: the desk has no group "Wizards"'),
            (("team: Recovery", "team: Wizards"), 'team: the desk has no group "Wizards"'),
            (("{do: assign, group: Recovery, to: group}", "{do: macro, macro: Abracadabra}"), 'no macro "Abracadabra"'),
        ],
    )
    def test_are_not_published_with_a_name_that_the_desk_does_not_have(
        self, change: tuple[str, str], line: str, run: Run, tmp_path: Path
    ):
        text = PROTOCOL.replace("unknown", "shipping_delay").replace(*change)

        said = run("protocol", "import", written(tmp_path, "late.yaml", text), "--publish")

        assert said.exit_code == 1
        assert line in said.stderr
        assert len(self.listed(run)) == 2

    @pytest.mark.capability("PRO-02")
    def test_are_not_published_with_a_tag_that_nobody_declared(self, run: Run, tmp_path: Path):
        text = PROTOCOL.replace("unknown", "shipping_delay") + "  - {do: tag, add: [latte]}\n"

        said = run("protocol", "import", written(tmp_path, "late.yaml", text), "--publish")

        assert said.exit_code == 1
        assert 'actions[1].add[0]: "latte" is unknown; declare it under tags' in said.stderr

    def test_are_in_force_once_published(self, run: Run, tmp_path: Path):
        run("protocol", "import", written(tmp_path, "late.yaml", PROTOCOL.replace("unknown", "shipping_delay")))

        said = [run("protocol", "publish", "Late parcel"), run("protocol", "publish", "Late parcel")]

        assert [one.exit_code for one in said] == [0, 0]
        assert said[1].stdout == "Late parcel: version 1, published (nothing changed)\n"
        assert self.listed(run)[2] == ("Late parcel", 1, "published")

    def test_are_published_without_the_helpdesk_only_where_that_is_said(self, run: Run, database: Database):
        with database.system(Purpose.OPERATE) as session:
            session.get_one(Desk, 1).base_url = f"http://127.0.0.1:{free_port()}"

        said = [run("protocol", "publish", "Bad rating"), run("protocol", "publish", "Bad rating", "--offline")]

        assert [one.exit_code for one in said] == [1, 0]
        assert "the helpdesk could not be asked about groups and macros" in said[0].stderr
        assert "were not checked" in said[1].stderr

    def test_are_exported_as_they_were_written(self, run: Run, tmp_path: Path):
        run("protocol", "import", written(tmp_path, "late.yaml", PROTOCOL))
        out = tmp_path / "out.yaml"

        said = [run("protocol", "export", "Late parcel"), run("protocol", "export", "Late parcel", "--out", out)]

        assert said[0].stdout == PROTOCOL
        assert out.read_text(encoding="utf-8") == PROTOCOL

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["export", "Nonsense"], 'there is no protocol "Nonsense"; there are "Bad rating"'),
            (["export", "Bad rating", "--version", "7"], '"Bad rating" has no version 7; its newest is 1'),
            (["publish", "Nonsense"], 'there is no protocol "Nonsense"'),
        ],
    )
    def test_that_are_unknown_are_named(self, words: list[str], said: str, run: Run):
        answer = run("protocol", *words)

        assert answer.exit_code == 1
        assert said in answer.stderr
