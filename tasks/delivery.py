"""How words to colleagues and vendors leave: by mail, or by a webhook that the desk names or that is given whole.

One attempt at a time; whether it is tried again is for `alerting.py` and `vendors.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app import texts
from app.clock import real_now
from app.outbound import AlertNotSent, AlertUnknown, Mail, MailNotSent, MailUnknown
from app.protocols.actions.base import AlertKind
from app.store import desks, teams
from app.store.models import MemberRow, StepRow, StepState
from tasks.claims import SHORTEST_WAIT, TicketClaim

LEAD = "lead"
MOST_TRIES = 6


class Later(Exception):
    """It did not go out; trying again makes sense."""


class Never(Exception):
    """It will not go out; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where this desk's words go."""

    leads: tuple[str, ...]  #: of the desk
    leads_by_group: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  #: of teams, those who are there
    webhooks: Mapping[str, str] = field(repr=False)  #: by name
    webhook_secrets: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What leaves, in the form that its way takes."""

    kind: AlertKind
    target: str  #: an address, "lead", or the name or https address of a webhook
    mail: texts.Text
    body: Mapping[str, Any] = field(repr=False)  #: a webhook's whole JSON document
    marker: str  #: by which the receiver knows it again
    group_id: str | None = None  #: whose leads are meant by "lead"; None: the desk's


def read_addresses(claim: TicketClaim) -> Addresses:
    """The desk's own and those of its teams' leads, as they are now."""
    now = claim.business_now()
    with claim.parts.database.desk(claim.desk_id, read=True) as session:
        settings = desks.get(session, claim.desk_id).settings
        groups = [team.group_id for team in teams.all_teams(session)]
        by_group = {group_id: _present(teams.leads_of(session, group_id), now) for group_id in groups}
    return Addresses(
        leads=tuple(settings.get("lead_emails", [])),
        leads_by_group=by_group,
        webhooks=settings.get("webhooks", {}),
        webhook_secrets=claim.parts.outbound.alert_secrets(claim.desk_id),
    )


def _present(rows: Iterable[MemberRow], now: datetime) -> tuple[str, ...]:
    """The addresses of those who are not away."""
    return tuple(row.email for row in rows if row.email and not teams.member_of(row).is_away(now))


def attempt(claim: TicketClaim, row: StepRow, send: Callable[[], str | None]) -> tuple[StepState, str | None]:
    """What becomes of a step by one attempt, with the reason: done, to be tried again later, refused, or given up.

    Of one that is done, `send` says what is amiss all the same.
    """
    try:
        return StepState.DONE, send()
    except Never as error:
        return StepState.REFUSED, str(error)
    except Later as error:
        if row.attempts + 1 >= MOST_TRIES:
            return StepState.DEAD, f"tried {MOST_TRIES} times: {error}"
        claim.look_again(real_now() + SHORTEST_WAIT * 4 ** (row.attempts + 1))
        return StepState.PLANNED, None


def deliver(claim: TicketClaim, addresses: Addresses, parcel: Parcel) -> str | None:
    """One attempt; done once anybody was reached, with a word on those who were not. Raises Later and Never."""
    if parcel.kind is not AlertKind.EMAIL:
        _call(claim, addresses, parcel)
        return None
    recipients = _leads(addresses, parcel.group_id) if parcel.target == LEAD else (parcel.target,)
    if not recipients:
        raise Never("no lead's address is set for this desk (desk setting lead_emails, or a team's leads)")
    missed = [error for recipient in recipients if (error := _try_mail(claim, recipient, parcel)) is not None]
    said = "; ".join(dict.fromkeys(str(error) for error in missed))
    if len(missed) == len(recipients):
        # Nobody has heard of it, so that trying again tells nobody twice.
        raise Later(said) if any(isinstance(error, Later) for error in missed) else Never(said)
    return f"not reached: {len(missed)} of {len(recipients)} ({said})" if missed else None


def _try_mail(claim: TicketClaim, recipient: str, parcel: Parcel) -> Later | Never | None:
    """What kept the words from this one; one whose address is wrong is not to silence the others."""
    try:
        _mail(claim, recipient, parcel)
    except (Later, Never) as error:
        return error
    return None


def _leads(addresses: Addresses, group_id: str | None) -> tuple[str, ...]:
    """The leads of the group's own team; the desk's where it has none who is there."""
    own = addresses.leads_by_group.get(group_id, ()) if group_id else ()
    return own or addresses.leads


def _mail(claim: TicketClaim, recipient: str, parcel: Parcel) -> None:
    mail = Mail(to=recipient, subject=parcel.mail.subject, text=parcel.mail.text, message_id=parcel.marker)
    try:
        with claim.parts.outbound.hand_over(mail) as handover:
            handover.send()
    except MailNotSent as error:
        if error.retryable:
            raise Later(str(error)) from error
        raise Never(str(error)) from error
    except MailUnknown as error:
        raise Later(str(error)) from error


def _call(claim: TicketClaim, addresses: Addresses, parcel: Parcel) -> None:
    url = parcel.target if "://" in parcel.target else addresses.webhooks.get(parcel.target)
    if url is None:
        raise Never(f'the desk has no webhook called "{parcel.target}" (desk setting webhooks)')
    try:
        claim.parts.outbound.deliver_webhook(
            url, parcel.body, webhook_id=parcel.marker, secret=addresses.webhook_secrets, now=real_now()
        )
    except AlertNotSent as error:
        if error.retryable:
            raise Later(str(error)) from error
        raise Never(str(error)) from error
    except AlertUnknown as error:
        raise Later(str(error)) from error
