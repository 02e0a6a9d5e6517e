"""The vault: what is sealed opens again, under old keys too, and keys for different purposes have nothing in common."""

from __future__ import annotations

from itertools import combinations

import pytest

from app.settings import new_key
from app.vault import Vault, VaultError

PURPOSES = ("session", "survey", "opt-out", "csrf")


@pytest.mark.parametrize("text", ["", "secret", "приветствие 📦", "\x00", "\ud83d"])
def test_what_was_sealed_opens_as_it_was(text: str) -> None:
    vault = Vault([new_key()])

    assert vault.open(vault.seal(text)) == text


def test_sealing_twice_gives_two_different_things() -> None:
    vault = Vault([new_key()])

    assert vault.seal("secret") != vault.seal("secret")


def test_an_older_key_still_opens_after_a_newer_one_came() -> None:
    old, new = new_key(), new_key()
    sealed = Vault([old]).seal("secret")

    assert Vault([new, old]).open(sealed) == "secret"


def test_the_newest_key_seals() -> None:
    old, new = new_key(), new_key()

    sealed = Vault([new, old]).seal("secret")

    assert Vault([new]).open(sealed) == "secret"


def test_what_was_rotated_no_longer_needs_the_old_key() -> None:
    old, new = new_key(), new_key()

    rotated = Vault([new, old]).rotate(Vault([old]).seal("secret"))

    assert Vault([new]).open(rotated) == "secret"
    with pytest.raises(VaultError):
        Vault([old]).open(rotated)


@pytest.mark.parametrize("garbage", [b"", b"garbage", b"gAAAAABn" + b"x" * 80, bytes(range(256))])
def test_garbage_is_neither_opened_nor_rotated(garbage: bytes) -> None:
    vault = Vault([new_key()])

    with pytest.raises(VaultError, match="none of the secret keys"):
        vault.open(garbage)
    with pytest.raises(VaultError, match="none of the secret keys"):
        vault.rotate(garbage)


def test_what_was_tampered_with_is_not_opened() -> None:
    vault = Vault([new_key()])
    sealed = bytearray(vault.seal("secret"))
    sealed[len(sealed) // 2] ^= 1

    with pytest.raises(VaultError):
        vault.open(bytes(sealed))


def test_a_database_may_hand_back_a_view_of_memory() -> None:
    vault = Vault([new_key()])

    assert vault.open(memoryview(vault.seal("secret"))) == "secret"  # type: ignore[arg-type]


@pytest.mark.parametrize("keys", [[], [""], ["canary"], ["c2hvcnQ="], [new_key(), "canary!"]])
def test_what_is_no_key_is_refused_and_not_quoted(keys: list[str]) -> None:
    with pytest.raises(VaultError) as caught:
        Vault(keys)

    assert "canary" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_purposes_share_no_signing_key() -> None:
    vault = Vault([new_key()])

    for first, second in combinations(PURPOSES, 2):
        assert set(vault.signing_keys(first)).isdisjoint(vault.signing_keys(second))


def test_there_is_a_signing_key_per_secret_key_newest_first() -> None:
    old, new = new_key(), new_key()

    keys = Vault([new, old]).signing_keys("session")

    assert keys == Vault([new]).signing_keys("session") + Vault([old]).signing_keys("session")
    assert {len(key) for key in keys} == {32}


def test_a_fingerprint_stays_while_newer_keys_are_put_in_front() -> None:
    old, new = new_key(), new_key()

    assert Vault([new, old]).fingerprint("email", "a@example.com") == Vault([old]).fingerprint("email", "a@example.com")


def test_a_fingerprint_says_nothing_without_key_and_purpose() -> None:
    vault = Vault([new_key()])
    found = vault.fingerprint("email", "a@example.com")

    assert len(found) == 64
    assert found != vault.fingerprint("account", "a@example.com")
    assert found != vault.fingerprint("email", "b@example.com")
    assert found != Vault([new_key()]).fingerprint("email", "a@example.com")
