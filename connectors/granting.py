"""How a person lets us into their helpdesk by OAuth, and tokens that nobody keeps yet. What a vendor's OAuth looks
like lives in its kind; keeping tokens for every process is the app's part (`connectors.base.TokenStore`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field

from connectors.base import Line, Tokens, TokenStore


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRequest:
    """Which helpdesk is asked for access, by which client, and where its answer goes."""

    subdomain: str
    base_url: str | None
    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str


class Authorizer(ABC):
    """Access by a person's consent: authorization code with PKCE. One instance per kind that offers it."""

    @abstractmethod
    def url(self, asked: ConsentRequest, *, challenge: str, state: str) -> str:
        """Where the person's browser goes to consent; `challenge` is the S256 one of the verifier.

        Raises ValueError that names the field for a request that cannot be right.
        """

    @abstractmethod
    def redeem(self, asked: ConsentRequest, *, code: str, verifier: str, line: Line) -> Tokens:
        """Tokens for the code that the consent gave; one call. The code works once.

        Raises Refused with what is wrong, Unavailable(sent=True) when the outcome is unknown.
        """


class HeldTokens(TokenStore):
    """Tokens in memory, of credentials that are tried before they are stored. `held` is the newest of them."""

    def __init__(self, held: Tokens | None = None) -> None:
        self.held = held

    def current(self) -> Tokens | None:
        return self.held

    def renew(self, stale: Tokens | None, fetch: Callable[[Tokens | None], Tokens]) -> Tokens:
        if self.held is None or stale is None or stale.access == self.held.access:
            self.held = fetch(self.held)
        return self.held
