"""Settings: every bad value is refused by the name of its variable, and no secret is ever quoted."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from app.settings import KEY_FILE, Settings, SettingsError, check_key, is_loopback, load, new_key

KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
CANARY = "hunter2canary"


def loaded(folder: Path, **values: str) -> Settings:
    """The settings where these variables are set, and the key is given."""
    environ = {"SECRET_KEYS": KEY, "DATA_DIR": str(folder)} | values
    return load({f"KINTSUGI_{name}": value for name, value in environ.items()})


def refusal(folder: Path, **values: str) -> str:
    with pytest.raises(SettingsError) as caught:
        loaded(folder, **values)
    return str(caught.value)


def test_nothing_set_is_the_embedded_default(tmp_path: Path) -> None:
    found = load({}, data_dir=tmp_path)

    assert (found.embedded, found.loopback) == (True, True)
    assert found.database_url == f"sqlite:///{tmp_path}/kintsugi.sqlite"
    assert (found.broker_url, found.public_url) == ("memory://", "http://127.0.0.1:8000")
    assert (found.text_days, found.lease, found.smtp_url) == (90, timedelta(seconds=180), None)
    assert (found.clock_file, found.operator_token) == (None, None)


def test_the_data_directory_may_come_from_the_environment(tmp_path: Path) -> None:
    assert loaded(tmp_path / "deep" / "down").data_dir == tmp_path / "deep" / "down"


def test_the_environment_of_the_process_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KINTSUGI_TEXT_DAYS", "30")

    assert load(data_dir=tmp_path).text_days == 30


def test_a_variable_that_is_empty_is_not_set(tmp_path: Path) -> None:
    assert loaded(tmp_path, TEXT_DAYS=" ", PUBLIC_URL="").text_days == 90


def test_settings_do_not_change(tmp_path: Path) -> None:
    with pytest.raises(AttributeError):
        loaded(tmp_path).text_days = 1  # type: ignore[misc]


WRONG = [
    ("DATABASE_URL", "mysql://localhost/x"),
    ("DATABASE_URL", "kintsugi.sqlite"),
    ("DATABASE_URL", "sqlite://"),
    ("DATABASE_URL", "sqlite:///"),
    ("DATABASE_URL", "sqlite:///:memory:"),
    ("DATABASE_URL", "postgresql://localhost"),
    ("DATABASE_URL", "postgresql://localhost:port/kintsugi"),
    ("DATABASE_URL", "postgresql+psycopg2://localhost/kintsugi"),
    ("BROKER_URL", "redis"),
    ("BROKER_URL", "redis://"),
    ("BROKER_URL", "amqp://localhost"),
    ("BROKER_URL", "redis://localhost:port/0"),
    ("PUBLIC_URL", "kintsugi.example.com"),
    ("PUBLIC_URL", "ftp://kintsugi.example.com"),
    ("PUBLIC_URL", "http://kintsugi.example.com"),
    ("PUBLIC_URL", "https://kintsugi.example.com/path"),
    ("PUBLIC_URL", "https://kintsugi.example.com?a=1"),
    ("PUBLIC_URL", "https://kintsugi.example.com#top"),
    ("PUBLIC_URL", "https://kintsugi.example.com:99999"),
    ("PUBLIC_URL", "https://[::1"),
    ("TEXT_DAYS", "0"),
    ("TEXT_DAYS", "ninety"),
    ("TEXT_DAYS", "--5"),
    ("TEXT_DAYS", "1.5"),
    ("TEXT_DAYS", "9" * 5000),
    ("SURVEY_DAYS", "40000"),
    ("DEBOUNCE_SECONDS", "soon"),
    ("DEBOUNCE_SECONDS", "-1"),
    ("MAX_WAIT_SECONDS", "nan"),
    ("MAX_WAIT_SECONDS", "inf"),
    ("HTTP_TIMEOUT_SECONDS", "0"),
    ("LEASE_SECONDS", "29.9"),
    ("DISPATCH_SECONDS", "0"),
    ("MAX_ATTEMPTS", "0"),
    ("IN_FLIGHT", "-3"),
    ("SMTP_URL", "mail.example.com"),
    ("SMTP_URL", "smtp://"),
    ("SMTP_URL", "smtp://mail.example.com:port"),
    ("MAIL_FROM", "Kintsugi"),
    ("MAIL_FROM", "kintsugi@"),
    ("MAIL_FROM", "a@example.com\nBcc: b@example.com"),
    ("SESSION_SECONDS", "long"),
    ("SESSION_IDLE_SECONDS", "long"),
    ("PROXY_HOPS", "-1"),
    ("OPERATOR_TOKEN", "short"),
    ("ZAF_SDK_URL", "http://cdn.example.com/sdk.js"),
    ("ZAF_SDK_URL", "sdk.js"),
    ("LOG_LEVEL", "loud"),
    ("SECRET_KEYS", "c2hvcnQ="),
    ("SECRET_KEYS", "no base64!"),
    ("SECRET_KEYS", f"{KEY},ключ"),
]


@pytest.mark.parametrize(("name", "value"), WRONG, ids=[f"{name}={value[:40]}" for name, value in WRONG])
def test_a_bad_value_is_refused_by_the_name_of_its_variable(tmp_path: Path, name: str, value: str) -> None:
    message = refusal(tmp_path, **{name: value})

    assert message.startswith(f"KINTSUGI_{name}: ")
    assert len(message) < 300


SECRET = [
    ("DATABASE_URL", f"mysql://kintsugi:{CANARY}@localhost/x"),
    ("DATABASE_URL", f"{CANARY}@localhost/x"),
    ("DATABASE_URL", f"postgresql://kintsugi:{CANARY}@localhost"),
    ("DATABASE_URL", f"postgresql://kintsugi@localhost:{CANARY}/x"),
    ("BROKER_URL", f":{CANARY}@localhost"),
    ("BROKER_URL", f"amqp://:{CANARY}@localhost"),
    ("BROKER_URL", f"redis://localhost:{CANARY}/0"),
    ("SMTP_URL", f"http://user:{CANARY}@mail.example.com"),
    ("SMTP_URL", f"smtp://user:[{CANARY}]@mail.example.com"),
    ("SMTP_URL", f"smtp://mail.example.com:{CANARY}"),
    ("PUBLIC_URL", f"https://user:{CANARY}@kintsugi.example.com"),
    ("PUBLIC_URL", f"http://user:{CANARY}@kintsugi.example.com"),
    ("ZAF_SDK_URL", f"https://user:{CANARY}@cdn.example.com/sdk.js"),
    ("OPERATOR_TOKEN", CANARY),
    ("SECRET_KEYS", CANARY),
    ("SECRET_KEYS", f"{KEY},{CANARY}"),
]


@pytest.mark.parametrize(("name", "value"), SECRET, ids=[f"{name}-{n}" for n, (name, _) in enumerate(SECRET)])
def test_a_secret_is_quoted_neither_in_the_message_nor_in_its_causes(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, **{name: value})

    said, error = "", caught.value
    while error is not None:
        said += str(error)
        error = error.__cause__  # type: ignore[assignment]
    assert name in said
    assert "canary" not in said


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_postgresql_is_understood_in_every_spelling(tmp_path: Path, scheme: str) -> None:
    found = loaded(tmp_path, DATABASE_URL=f"{scheme}://u:p%40[@db:5432/kintsugi", BROKER_URL="redis://localhost/0")

    assert found.database_url == "postgresql+psycopg://u:p%40[@db:5432/kintsugi"
    assert not found.embedded


def test_an_sqlite_file_of_ones_own_is_no_embedded_default(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/own.sqlite"

    found = loaded(tmp_path, DATABASE_URL=url)

    assert (found.database_url, found.embedded) == (url, False)


def test_a_database_of_ones_own_needs_keys(tmp_path: Path) -> None:
    message = refusal(tmp_path, DATABASE_URL="postgresql://localhost/kintsugi", SECRET_KEYS="")

    assert message.startswith("KINTSUGI_SECRET_KEYS: required with KINTSUGI_DATABASE_URL")
    assert not (tmp_path / KEY_FILE).exists()


def test_postgresql_needs_a_broker_that_others_reach(tmp_path: Path) -> None:
    message = refusal(tmp_path, DATABASE_URL="postgresql://localhost/kintsugi")

    assert message.startswith("KINTSUGI_BROKER_URL: ")


def test_a_lease_outlives_every_call_made_under_it(tmp_path: Path) -> None:
    message = refusal(tmp_path, LEASE_SECONDS="30", HTTP_TIMEOUT_SECONDS="10.1")

    assert "KINTSUGI_LEASE_SECONDS" in message
    assert "KINTSUGI_HTTP_TIMEOUT_SECONDS" in message
    assert loaded(tmp_path, LEASE_SECONDS="30", HTTP_TIMEOUT_SECONDS="10").lease == timedelta(seconds=30)


def test_good_values_are_taken_as_they_are(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        PUBLIC_URL="https://kintsugi.example.com/",
        SMTP_URL="smtps://u:p@mail.example.com:465",
        MAIL_FROM="Care <care@example.com>",
        OPERATOR_TOKEN="x" * 24,
        LOG_LEVEL="DEBUG",
        CLOCK_FILE=str(tmp_path / "clock"),
        ZAF_SDK_URL="http://127.0.0.1:9/sdk.js",
        DEBOUNCE_SECONDS="0",
    )

    assert (found.public_url, found.loopback) == ("https://kintsugi.example.com", False)
    assert (found.smtp_url, found.mail_from) == ("smtps://u:p@mail.example.com:465", "Care <care@example.com>")
    assert (found.operator_token, found.log_level, found.clock_file) == ("x" * 24, "debug", tmp_path / "clock")
    assert (found.zaf_sdk_url, found.debounce) == ("http://127.0.0.1:9/sdk.js", timedelta(0))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://127.9.9.9", True),
        ("http://localhost:1", True),
        ("http://LOCALHOST", True),
        ("http://[::1]:8000", True),
        ("http://localhost.example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("http://10.0.0.1", False),
        ("http://0.0.0.0", False),
        ("https://kintsugi.example.com", False),
        ("", False),
    ],
)
def test_loopback_is_this_machine_and_nothing_that_looks_like_it(url: str, expected: bool) -> None:
    assert is_loopback(url) is expected


def test_keys_are_made_once_for_their_owner_alone(tmp_path: Path) -> None:
    first = load({}, data_dir=tmp_path).secret_keys

    second = load({}, data_dir=tmp_path).secret_keys

    assert first == second
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == [KEY_FILE]


def test_two_that_start_at_once_find_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: load({}, data_dir=tmp_path).secret_keys, range(8)))

    assert len(found) == 1
    assert os.listdir(tmp_path) == [KEY_FILE]


def test_keys_that_are_given_are_used_newest_first_and_none_is_made(tmp_path: Path) -> None:
    other = new_key()

    found = loaded(tmp_path, SECRET_KEYS=f" {KEY} , {other},")

    assert found.secret_keys == (KEY, other)
    assert not (tmp_path / KEY_FILE).exists()


def test_a_key_file_with_several_keys_is_read_line_by_line(tmp_path: Path) -> None:
    other = new_key()
    (tmp_path / KEY_FILE).write_text(f"{KEY}\n{other}\n", encoding="ascii")

    assert load({}, data_dir=tmp_path).secret_keys == (KEY, other)


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", b"c2hvcnQ="], ids=["empty", "blank", "binary", "short"])
def test_a_key_file_that_holds_no_key_is_not_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / KEY_FILE).write_bytes(content)

    with pytest.raises(SettingsError, match=r"secret_keys|SECRET_KEYS"):
        load({}, data_dir=tmp_path)

    assert (tmp_path / KEY_FILE).read_bytes() == content


def test_a_data_directory_that_cannot_be_one_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(SettingsError, match=r"^KINTSUGI_DATA_DIR: "):
        load({"KINTSUGI_DATA_DIR": str(tmp_path / "file")})


def test_a_new_key_is_a_key_and_never_the_same() -> None:
    check_key(new_key())

    assert new_key() != new_key()


@pytest.mark.parametrize("share", ["0", "1.5", "-1", "half"])
def test_a_share_of_calls_that_cannot_be_is_refused(share: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="KINTSUGI_CALL_SHARE"):
        load({"KINTSUGI_CALL_SHARE": share}, data_dir=tmp_path)


def test_a_share_of_calls_is_a_part_of_one(tmp_path: Path) -> None:
    assert load({"KINTSUGI_CALL_SHARE": "0.25"}, data_dir=tmp_path).call_share == 0.25
    assert load({}, data_dir=tmp_path).call_share == 0.6
