"""The launch of a signed-URL sidebar app, as Zendesk does it: a POSTed form with an RS256 token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

import jwt

from connectors.sandbox.account import SandboxAccount
from connectors.sandbox.stamps import make_ulid, real_now

_GOOD_FOR = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """What the ticket page needs to open the sidebar in a frame."""

    action: str  #: where the form goes; the ticket's number is not in it, since the real one's is not either
    token: str
    app_guid: str
    origin: str  #: of the sidebar, for the page's content security policy


def make_token(account: SandboxAccount, agent_id: int) -> str:
    now = real_now()
    host = f"{account.subdomain}.zendesk.com"
    claims = {
        "iss": host,
        "aud": f"https://{host}/api/v2/apps/installations/{account.installation_id}.json",
        "sub": f"https://{host}/api/v2/users/{agent_id}.json",
        "iat": now,
        "exp": now + _GOOD_FOR,
        "jti": make_ulid(),
        "context": {"product": "support", "location": "ticket_sidebar"},
    }
    return jwt.encode(claims, account.private_key, algorithm="RS256")


def make_launch(account: SandboxAccount, *, sidebar_url: str, page_origin: str, agent_id: int) -> Launch:
    query = urlencode({"origin": page_origin, "app_guid": account.app_guid})
    separator = "&" if urlsplit(sidebar_url).query else "?"
    return Launch(
        action=f"{sidebar_url}{separator}{query}",
        token=make_token(account, agent_id),
        app_guid=account.app_guid,
        origin=origin_of(sidebar_url),
    )


def origin_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
