"""Colleagues: everybody whom a case of the desk can be given to, whether they sign in here or work in the helpdesk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.store import teams
from app.store.models import Account, MemberRow, Membership, Role, TeamRow, TrackedTicket


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """One person. `key` is how rows name them: "account:7", or "agent:<the helpdesk's id>" who never signs in here."""

    key: str
    name: str
    agent_id: str | None  #: the helpdesk's; None where no stored member has their address


def of_desk(session: Session, desk_id: int) -> Sequence[Colleague]:
    """By name. Auditors change nothing, so nothing is given to them."""
    members = teams.all_members(session)
    by_email = {row.email.casefold(): row for row in members if row.email}
    found = [_signing_in(account, by_email.get(account.email)) for account in _accounts(session, desk_id)]
    known = {one.agent_id for one in found}
    found += [
        Colleague(key=f"agent:{row.agent_id}", name=row.name, agent_id=row.agent_id)
        for row in members
        if row.agent_id not in known
    ]
    return sorted(found, key=lambda one: (one.name.casefold(), one.key))


def find(session: Session, desk_id: int, key: str) -> Colleague | None:
    """The colleague of that key; None where there is nobody, or not any more."""
    return next((one for one in of_desk(session, desk_id) if one.key == key), None)


def group_for(session: Session, agent_id: str, ticket: TrackedTicket) -> str | None:
    """In which group the agent can be given the ticket: its own where their team has it, else their first team's; None
    where they are in no stored team."""
    own = [row.group_id for row in teams.all_teams(session) if _is_in(row, agent_id)]
    return ticket.group_id if ticket.group_id in own else next(iter(own), None)


def _is_in(team: TeamRow, agent_id: str) -> bool:
    return agent_id in team.member_ids or agent_id in team.lead_ids


def _accounts(session: Session, desk_id: int) -> Sequence[Account]:
    here = or_(Membership.desk_id == desk_id, Membership.desk_id.is_(None))
    joined = select(Account).join(Membership, Membership.account_id == Account.id)
    works = (here, Membership.role != Role.AUDITOR, Account.active.is_(True))
    return session.scalars(joined.where(*works).distinct()).all()


def _signing_in(account: Account, member: MemberRow | None) -> Colleague:
    return Colleague(
        key=f"account:{account.id}",
        name=member.name if member is not None and member.name else account.email,
        agent_id=member.agent_id if member is not None else None,
    )
