"""Connecting a helpdesk account, or connecting one again: what is given is tried at the helpdesk, then stored.

The command line and the pages both come by here. No transaction is open while the helpdesk is asked.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from app import links, log
from app.clock import real_now
from app.connect import AUTHORIZERS, kind_named
from app.publishing import publish_default_pack
from app.settings import is_loopback
from app.store import access, audit, consents, desks
from app.store.consents import Consent, NewConsent
from app.store.database import Purpose
from app.store.models import Desk, DeskState
from connectors.base import Line, Tokens
from connectors.errors import ConnectorError, Unavailable
from connectors.granting import ConsentRequest, HeldTokens
from connectors.ticket import Person
from tasks.parts import Parts

LOG = log.get("connecting")

CONSENT = "consent"  #: what a signed state is for
RETURN_PATH = "/desks/connected"
#: Works once; the same one given again says nothing new.
REFRESH = "refresh_token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A helpdesk account as it is to be connected."""

    kind: str
    name: str
    subdomain: str
    base_url: str | None
    credentials: Mapping[str, str] = field(repr=False)
    webhook_secret: str = field(repr=False)
    sidebar: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    desk_id: int
    key: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the helpdesk said to credentials that were tried on it."""

    person: Person | None  #: who we are there; None where it does not answer now
    tokens: Tokens | None = field(repr=False)  #: what trying them gave, which must not be lost
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which account a person wants to connect by consent; `desk_id` names the desk that is to be connected again."""

    kind: str
    name: str
    subdomain: str
    base_url: str | None
    client_id: str
    client_secret: str = field(repr=False)
    webhook_secret: str = field(repr=False, default="")
    desk_id: int | None = None


def add(parts: Parts, account: Account, *, by: str, tokens: Tokens | None = None, who: str = audit.OPERATOR) -> Added:
    """Store the desk with the default protocols in force; `tokens` come from a consent. `by` is put into the
    protocols' history, and `who` into the audit log.

    Raises ValueError that names what is wrong.
    """
    _check(parts, account)
    asked = ask(
        parts,
        account.kind,
        subdomain=account.subdomain,
        base_url=account.base_url,
        credentials=account.credentials,
        tokens=tokens,
    )
    new = desks.NewDesk(
        kind=account.kind,
        name=account.name,
        subdomain=account.subdomain,
        base_url=account.base_url.rstrip("/") if account.base_url else None,
        credentials=account.credentials,
        webhook_secret=account.webhook_secret,
        sidebar=account.sidebar,
        settings=_own_names(account.kind, asked.person),
    )
    with parts.database.system(Purpose.OPERATE) as session:
        row = desks.add(session, new, real_now(), integration_user_id=asked.person.id if asked.person else None)
        if asked.tokens is not None:
            access.put(session, row.id, asked.tokens, real_now())
        desk_id, key = row.id, row.key
        _record(session, "desk.connected", desk_id, who)
    publish_default_pack(parts, desk_id, by=by)
    LOG.info("desk_added", desk_id=desk_id, kind=account.kind)
    return Added(desk_id=desk_id, key=key, warnings=asked.warnings)


def ask(
    parts: Parts,
    kind: str,
    *,
    subdomain: str,
    base_url: str | None,
    credentials: Mapping[str, str],
    tokens: Tokens | None = None,
) -> Asked:
    """Who we are at the helpdesk. One that does not answer now is no reason to refuse; wrong credentials are: they
    raise ValueError."""
    held = HeldTokens(tokens)
    line = Line(now=parts.clock.now, tokens=held, timeout=parts.connections.timeout)
    warnings = tuple(kind_named(kind).warnings(credentials, parts.clock.now()))
    connector = parts.connections.open_with(
        kind, subdomain=subdomain, base_url=base_url, credentials=credentials, line=line
    )
    try:
        person = connector.me()
    except Unavailable as error:
        later = f"the helpdesk does not answer yet ({error}); run `kintsugi desk check` later"
        return Asked(person=None, tokens=held.held, warnings=(*warnings, later))
    except ConnectorError as error:
        raise ValueError(f"the helpdesk refused these credentials: {error}") from error
    finally:
        connector.close()
    return Asked(person=person, tokens=held.held, warnings=warnings)


def put(session: Session, desk: Desk, credentials: Mapping[str, str], asked: Asked) -> None:
    """Give a desk other credentials, and take up work that stood still for the want of them."""
    desks.change_credentials(session, desk, credentials)
    access.put(session, desk.id, asked.tokens, real_now())
    if asked.person is not None:
        desk.integration_user_id = asked.person.id
        desks.change_settings(desk, _own_names(desk.kind, asked.person))
    if desk.state is DeskState.PAUSED and desk.reason != desks.PAUSED_BY_ADMIN:
        desks.resume(session, desk.id)


def _own_names(kind: str, person: Person | None) -> dict[str, list[str]]:
    """What deliveries may call us beside our id, as a setting of the desk."""
    names = kind_named(kind).names(person) - {person.id} if person else frozenset[str]()
    return {desks.OWN_NAMES: sorted(names)} if names else {}


def begin_consent(parts: Parts, wish: Wish, *, account_id: int, session_token: str) -> str:
    """Where the person's browser goes to let us in. Raises ValueError that names what is wrong.

    The code verifier stays here, sealed; the state that comes back is signed, works once, and in this browser only.
    """
    authorizer = AUTHORIZERS.get(wish.kind)
    if authorizer is None:
        raise ValueError(f"kind: {wish.kind!r} cannot be connected here; use `kintsugi desk add`")
    verifier = secrets.token_urlsafe(48)
    plan = _plan(parts, wish) | {"verifier": verifier}
    # As everywhere, the kind knows what an address and a client of its own look like.
    _open_nothing(parts, wish)
    state, state_hash = links.make_token(parts.database.vault, CONSENT)
    url = authorizer.url(_request(plan), challenge=_challenge(verifier), state=state)
    new = NewConsent(
        state_hash=state_hash, session_token=session_token, account_id=account_id, desk_id=wish.desk_id, plan=plan
    )
    with parts.database.system(Purpose.SIGN_IN) as session:
        consents.begin(session, new, real_now())
    return url


def take_consent(parts: Parts, state: str, *, session_token: str) -> Consent | None:
    """The consent that a browser comes back from, which is used up by that; None for one that is not its own."""
    state_hash = links.read_token(parts.database.vault, state, CONSENT)
    if state_hash is None:
        return None
    with parts.database.system(Purpose.SIGN_IN) as session:
        return consents.take(session, state_hash, session_token, real_now())


def finish_consent(parts: Parts, consent: Consent, code: str, *, by: str) -> Added | None:
    """Trade the code for tokens and store the desk; None when a desk that was there is connected again.

    Raises ValueError with what is wrong, in words.
    """
    plan, asked = consent.plan, _request(consent.plan)
    line = Line(now=parts.clock.now, timeout=parts.connections.timeout)
    try:
        tokens = AUTHORIZERS[plan["kind"]].redeem(asked, code=code, verifier=plan["verifier"], line=line)
    except ConnectorError as error:
        raise ValueError(f"the helpdesk gave no access: {error}") from error
    credentials = {"client_id": asked.client_id, "client_secret": asked.client_secret, REFRESH: tokens.refresh or ""}
    who = f"account:{consent.account_id}"
    if consent.desk_id is not None:
        _connect_again(parts, consent.desk_id, credentials, tokens, who)
        return None
    account = Account(
        kind=plan["kind"],
        name=plan["name"],
        subdomain=asked.subdomain,
        base_url=asked.base_url,
        credentials=credentials,
        webhook_secret=plan["webhook_secret"],
    )
    return add(parts, account, by=by, tokens=tokens, who=who)


def _connect_again(parts: Parts, desk_id: int, credentials: Mapping[str, str], tokens: Tokens, who: str) -> None:
    with parts.database.desk(desk_id, read=True) as session:
        desk = desks.get(session, desk_id)
    asked = ask(
        parts, desk.kind, subdomain=desk.subdomain, base_url=desk.base_url, credentials=credentials, tokens=tokens
    )
    with parts.database.system(Purpose.OPERATE) as session:
        put(session, desks.get(session, desk_id), credentials, asked)
        _record(session, "desk.connected_again", desk_id, who)
    LOG.info("desk_connected_again", desk_id=desk_id)


def _record(session: Session, did: str, desk_id: int, who: str) -> None:
    audit.record(session, by=who, did=did, what=f"desk:{desk_id}", at=real_now(), on=desk_id)


def _check(parts: Parts, account: Account) -> None:
    """What can be known to be wrong before the helpdesk is asked: a refresh token works only once."""
    if account.base_url is not None and not is_loopback(account.base_url):
        raise ValueError(f"--base-url: only an address on this machine, got {account.base_url!r}")
    if account.base_url is None and parts.clock.stepped:
        raise ValueError("a desk that is no sandbox cannot be added while KINTSUGI_CLOCK_FILE steps the time")
    if not account.webhook_secret:
        raise ValueError("secret file: webhook_secret: missing")
    _require_free(parts, account.name)


def _require_free(parts: Parts, name: str) -> None:
    with parts.database.system(Purpose.OPERATE, read=True) as session:
        if desks.find_by_name(session, name) is not None:
            raise ValueError(f"--name: there is a desk called {name!r} already")


def _plan(parts: Parts, wish: Wish) -> dict[str, str]:
    if wish.desk_id is None:
        if not 1 <= len(wish.name) <= 200:
            raise ValueError("name: between 1 and 200 characters")
        if wish.base_url is None and parts.clock.stepped:
            raise ValueError("a desk that is no sandbox cannot be added while KINTSUGI_CLOCK_FILE steps the time")
        _require_free(parts, wish.name)
    return {
        "kind": wish.kind,
        "name": wish.name,
        "subdomain": wish.subdomain,
        "base_url": wish.base_url or "",
        "client_id": wish.client_id,
        "client_secret": wish.client_secret,
        # The helpdesk signs with what it is told, or tells its own when the webhook is made there.
        "webhook_secret": wish.webhook_secret or secrets.token_urlsafe(32),
        "redirect_uri": parts.settings.public_url + RETURN_PATH,
    }


def _open_nothing(parts: Parts, wish: Wish) -> None:
    """Let the kind check what it would be opened with; opening makes no call. Raises ValueError."""
    credentials = {"client_id": wish.client_id, "client_secret": wish.client_secret}
    parts.connections.open_with(
        wish.kind, subdomain=wish.subdomain, base_url=wish.base_url, credentials=credentials
    ).close()


def _request(plan: Mapping[str, str]) -> ConsentRequest:
    return ConsentRequest(
        subdomain=plan["subdomain"],
        base_url=plan["base_url"] or None,
        client_id=plan["client_id"],
        client_secret=plan["client_secret"],
        redirect_uri=plan["redirect_uri"],
    )


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
