"""The action `assign`: where a ticket goes by each of its ways, and why."""

from __future__ import annotations

from typing import Any

import pytest

from app.protocols.actions.assign import AssignAction, Route
from app.protocols.actions.base import Lookup, Need
from app.protocols.errors import CannotPlan, DocumentError
from app.protocols.routing import Member, Roster, Team
from connectors.ticket import Person, Write
from tests.protocols.make import NOW, RECOVERY, SUPPORT, params, planning, protocol, summary, ticket

ASSIGN = AssignAction()
ANA, BEN, CAT = (
    Person(id=key, name=name, email=f"{name.lower()}@example.com", is_staff=True)
    for key, name in (("9", "Ana"), ("31", "Ben"), ("200", "Cat"))
)
MEMBERS = {RECOVERY.id: (ANA, BEN), SUPPORT.id: (BEN, CAT)}
AWAY: dict[str, Any] = {"away_from": NOW}


def team(group, **values: Any) -> dict[str, Team]:
    return {group.id: Team(group_id=group.id, name=group.name, **values)}


def people(*members: Member) -> dict[str, Member]:
    return {one.agent_id: one for one in members}


def route(given, *, teams=None, members=None, **changes) -> Route:
    rows = Roster(teams=teams or {}, members=members or {})
    whole: dict[str, Any] = {"members": MEMBERS, "roster": rows} | changes
    return ASSIGN.route(params("assign", given), planning(**whole))


class TestInTurn:
    def test_goes_to_whose_turn_it_is(self):
        found = route({"to": "round_robin"}, roster=Roster(turns={"9": NOW}))

        assert found == Route(
            write=Write(group_id=RECOVERY.id, assignee_id=BEN.id),
            reason="it is Ben's turn, of 2 who are free",
            agent_id=BEN.id,
        )

    def test_whoever_has_it_keeps_it(self):
        held = ticket(group_id=RECOVERY.id, assignee_id=ANA.id)

        found = route({"to": "round_robin"}, ticket=held, roster=Roster(turns={"9": NOW}))

        assert found == Route(write=Write(), reason="Ana has it already", agent_id=ANA.id)

    def test_whoever_has_it_and_is_away_does_not_keep_it(self):
        held = ticket(group_id=RECOVERY.id, assignee_id=ANA.id)

        found = route({"to": "round_robin"}, ticket=held, members=people(Member(agent_id="9", **AWAY)))

        assert found.write == Write(group_id=RECOVERY.id, assignee_id=BEN.id)


class TestLead:
    @pytest.mark.capability("TEA-02")
    def test_a_lead_of_the_agents_own_group_takes_it(self):
        found = route({"to": "lead"}, teams=team(SUPPORT, leads=("200",)))

        assert found.agent_id == CAT.id
        assert found.write == Write(group_id=SUPPORT.id, assignee_id=CAT.id)
        assert found.reason == "Cat, who leads it, has the least to do of 1 who are free (0 open cases)"

    @pytest.mark.capability("TEA-02")
    def test_the_agents_group_is_the_one_before_the_case(self):
        moved = ticket(group_id=RECOVERY.id, assignee_id=ANA.id)

        found = route(
            {"to": "lead"},
            ticket=moved,
            case=summary(previous_group_id=SUPPORT.id),
            teams=team(SUPPORT, leads=("200",)) | team(RECOVERY, leads=("9",)),
        )

        assert found.write == Write(group_id=SUPPORT.id, assignee_id=CAT.id)

    def test_without_a_lead_there_one_of_the_team_takes_it(self):
        found = route({"to": "lead"}, teams=team(RECOVERY, leads=("9",)))

        assert found.write == Write(group_id=RECOVERY.id, assignee_id=ANA.id)

    def test_a_lead_who_is_away_is_passed_over_for_one_of_the_team(self):
        teams = team(SUPPORT, leads=("200",)) | team(RECOVERY, leads=("9",))

        found = route({"to": "lead"}, teams=teams, members=people(Member(agent_id="200", **AWAY)))

        assert found.agent_id == ANA.id

    def test_a_named_group_goes_before_the_agents(self):
        found = route({"to": "lead", "group": "Recovery"}, teams=team(SUPPORT, leads=("200",)))

        assert found == Route(
            write=Write(group_id=RECOVERY.id),
            reason='the group "Recovery" has nobody who leads it; it waits for the whole group',
        )

    def test_without_any_group_it_says_so(self):
        with pytest.raises(CannotPlan, match="in no group"):
            route({"to": "lead"}, ticket=ticket(group_id=None), team=None)

    def test_a_lead_who_left_the_group_gets_nothing(self):
        found = route({"to": "lead", "group": "Recovery"}, teams=team(RECOVERY, leads=("200",)))

        assert found.agent_id is None


class TestPerson:
    @pytest.mark.parametrize("name", ["Ben", "31", "ben@example.com", " BEN "])
    def test_is_found_by_name_address_or_number(self, name):
        found = route({"to": "member", "member": name})

        assert found.write == Write(group_id=RECOVERY.id, assignee_id=BEN.id)

    def test_in_another_group_takes_the_ticket_without_it(self):
        found = route({"to": "member", "member": "Cat"}, members=people(Member(agent_id="200", name="Cat")))

        assert found.write == Write(assignee_id=CAT.id)

    def test_who_is_full_is_not_given_more(self):
        full = Roster(members=people(Member(agent_id="9", name="Ana", capacity=1)), cases={"9": 1})

        found = route({"to": "member", "member": "Ana"}, roster=full)

        assert found.reason == 'Ana has 1 of 1 cases; it waits for the whole group "Recovery"'

    def test_while_away_leaves_it_to_the_group(self):
        found = route({"to": "member", "member": "Ben"}, members=people(Member(agent_id="31", name="Ben", **AWAY)))

        assert found == Route(
            write=Write(group_id=RECOVERY.id), reason='Ben is away; it waits for the whole group "Recovery"'
        )

    def test_while_away_and_without_a_group_it_says_why(self):
        away = people(Member(agent_id="31", name="Ben", **AWAY))

        with pytest.raises(CannotPlan, match="Ben is away"):
            route({"to": "member", "member": "Ben"}, members=away, team=None)

    def test_unknown_says_so(self):
        with pytest.raises(CannotPlan, match='nobody is called "Zoe"'):
            route({"to": "member", "member": "Zoe"})

    def test_who_has_it_already_keeps_it_though_full(self):
        full = Roster(members=people(Member(agent_id="31", capacity=1)), cases={"31": 1})

        found = route({"to": "member", "member": "Ben"}, roster=full, ticket=ticket(group_id=RECOVERY.id))

        assert found.write.empty


class TestSkillAndRank:
    @pytest.mark.capability("TEA-05")
    def test_a_skill_is_compared_without_regard_to_capitals(self):
        found = route(
            {"to": "skill", "skill": "German"}, members=people(Member(agent_id="31", skills=frozenset({"german"})))
        )

        assert found.agent_id == BEN.id

    def test_a_skill_nobody_has_leaves_it_to_the_group(self):
        found = route({"to": "skill", "skill": "welsh"})

        assert found == Route(
            write=Write(group_id=RECOVERY.id),
            reason='the group "Recovery" has nobody with the skill welsh; it waits for the whole group',
        )

    @pytest.mark.capability("TEA-08")
    def test_a_senior_member_is_chosen(self):
        found = route({"to": "senior"}, members=people(Member(agent_id="31", senior=True)))

        assert found.reason == "Ben, who is senior, has the least to do of 1 who are free (0 open cases)"
        assert found.agent_id == BEN.id


class TestKeep:
    @pytest.mark.capability("TEA-04")
    def test_the_agent_who_has_it_keeps_it(self):
        found = route({"to": "keep"}, team=None)

        assert found == Route(write=Write(), reason="Ben had it and keeps it", agent_id="31")

    def test_the_original_agent_gets_it_back(self):
        moved = ticket(group_id=RECOVERY.id, assignee_id=ANA.id)
        case = summary(previous_group_id=SUPPORT.id, previous_assignee_id=BEN.id)

        found = route({"to": "keep"}, ticket=moved, case=case)

        assert found.write == Write(group_id=SUPPORT.id, assignee_id=BEN.id)

    def test_the_hours_of_the_agent_do_not_matter_but_days_off_do(self):
        found = route({"to": "keep"}, members=people(Member(agent_id="31", name="Ben", **AWAY)))

        assert found.write == Write(group_id=RECOVERY.id, assignee_id=ANA.id)
        assert found.reason == "Ana, who stands in, has the least to do of 1 who are free (0 open cases)"

    def test_away_without_a_group_it_stays(self):
        found = route({"to": "keep"}, members=people(Member(agent_id="31", **AWAY)), team=None)

        assert found == Route(write=Write(), reason="the agent who has it is away, and no group is named to take it")

    def test_without_an_agent_or_a_group_nothing_happens(self):
        found = route({"to": "keep"}, ticket=ticket(assignee_id=None), team=None)

        assert found.write.empty


class TestDocument:
    @pytest.mark.parametrize(
        ("given", "complaint"),
        [
            ({"to": "member"}, "actions[0].member: is missing; to is member"),
            ({"to": "skill"}, "actions[0].skill: is missing; to is skill"),
            ({"to": "group", "skill": "x"}, "actions[0].skill: must be left out; to is group"),
            ({"to": "lead", "member": "x"}, "actions[0].member: must be left out; to is lead"),
        ],
    )
    def test_says_what_does_not_go_together(self, given, complaint):
        with pytest.raises(DocumentError) as caught:
            protocol(team="Recovery", actions=[{"do": "assign", **given}])

        assert [str(error).startswith(complaint) for error in caught.value.errors] == [True]

    @pytest.mark.parametrize("given", [{"to": "lead"}, {"to": "keep"}, {"to": "member", "member": "Ben"}])
    def test_some_ways_need_no_group(self, given):
        (action,) = protocol(actions=[{"do": "assign", **given}]).actions

        assert not action.params.needs_group

    @pytest.mark.parametrize("to", ["group", "least_loaded", "round_robin", "senior"])
    def test_the_others_need_one(self, to):
        with pytest.raises(DocumentError, match="neither the action nor the protocol's team"):
            protocol(actions=[{"do": "assign", "to": to}])


@pytest.mark.parametrize(
    ("given", "team_name", "lookups"),
    [
        ({"to": "round_robin"}, "Recovery", [(Need.PEOPLE, "Recovery")]),
        ({"to": "lead"}, "Recovery", [(Need.PEOPLE, ""), (Need.PEOPLE, "Recovery")]),
        ({"to": "lead"}, None, [(Need.PEOPLE, "")]),
        ({"to": "lead", "group": "A"}, None, [(Need.PEOPLE, "A")]),
        ({"to": "keep"}, None, []),
        ({"to": "member", "member": "Ben"}, "Recovery", [(Need.PEOPLE, "Recovery")]),
    ],
)
def test_names_what_has_to_be_looked_up(given, team_name, lookups):
    found = ASSIGN.needs(params("assign", given), team_name)

    assert found == tuple(Lookup(need=need, name=name) for need, name in lookups)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"to": "round_robin"}, "Assign to the members of the protocol's team in turn"),
        ({"to": "lead"}, "Assign to a lead of the agent's own group"),
        ({"to": "lead", "group": "A"}, "Assign to a lead of group A"),
        ({"to": "member", "member": "Ben"}, "Assign to Ben"),
        ({"to": "skill", "skill": "german"}, "Assign to a member of the protocol's team with the skill german"),
        ({"to": "senior"}, "Assign to a senior member of the protocol's team"),
        ({"to": "keep"}, "Leave it with the agent who has it"),
    ],
)
def test_describes_itself(given, line):
    assert ASSIGN.describe(params("assign", given)) == line
