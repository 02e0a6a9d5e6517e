"""Passwords: hashed with argon2id, compared in the same time whether the account exists or not."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 12
LONGEST = 1024

_HASHER = PasswordHasher()

#: Compared against where there is no account, so that an answer's time tells nobody which addresses have one.
_NOBODY = _HASHER.hash("nobody has this password")


def hash_password(password: str) -> str:
    """Raises ValueError with the reason for a password that is too short or too long."""
    if len(password) < SHORTEST:
        raise ValueError(f"must have at least {SHORTEST} characters")
    if len(password) > LONGEST:
        raise ValueError(f"must have at most {LONGEST} characters")
    return _HASHER.hash(password)


def matches(password_hash: str | None, password: str) -> bool:
    """Whether it is the password; never for an account without one."""
    try:
        _HASHER.verify(password_hash or _NOBODY, password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None
