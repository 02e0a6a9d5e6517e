"""Secrets at rest. Seals with the newest key, opens with any; derives one key per purpose for signatures."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class VaultError(Exception):
    """A key that is no key, or something sealed that none of our keys opens."""


class Vault:
    """Opens and seals; the first key is the newest."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Raises VaultError for anything that is no key."""
        if not keys:
            raise VaultError("no key")
        try:
            self._raw = tuple(base64.urlsafe_b64decode(key) for key in keys)
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError:
            # Neither the key nor what the library says about it belongs in a message.
            raise VaultError("a secret key is not 32 bytes in URL-safe base64") from None

    def seal(self, text: str) -> bytes:
        """Encrypt text with the newest key."""
        return self._fernet.encrypt(text.encode("utf-8", "surrogatepass"))

    def open(self, sealed: bytes) -> str:
        """Raises VaultError when no key of ours opens it."""
        try:
            return self._fernet.decrypt(bytes(sealed)).decode("utf-8", "surrogatepass")
        except InvalidToken as error:
            raise VaultError("none of the secret keys opens this; was a key removed too early?") from error

    def rotate(self, sealed: bytes) -> bytes:
        """The same content under the newest key."""
        try:
            return self._fernet.rotate(bytes(sealed))
        except InvalidToken as error:
            raise VaultError("none of the secret keys opens this; was a key removed too early?") from error

    def signing_keys(self, purpose: str) -> tuple[bytes, ...]:
        """One 32-byte key per secret key for this purpose, newest first.

        Purposes never share a key, so that a token made for one cannot be used for another.
        """
        return tuple(hmac.new(raw, b"kintsugi:" + purpose.encode(), hashlib.sha256).digest() for raw in self._raw)

    def fingerprint(self, purpose: str, text: str) -> str:
        """A keyed hash for look-ups of what is stored sealed (an e-mail address). Uses the oldest key, so that it
        stays the same while newer keys are added."""
        return hmac.new(self._raw[-1], f"{purpose}:{text}".encode(), hashlib.sha256).hexdigest()
