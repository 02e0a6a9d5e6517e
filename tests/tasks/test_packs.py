"""A pack for a trade at work on a live desk: the right protocol opens the case, and its steps are done or in somebody's
hands."""

from __future__ import annotations

import pytest

from app.protocols.packs import load_pack
from app.publishing import import_documents
from app.store import cases, protocols, steps
from app.store.models import StepState
from tests.tasks.stage import Stage

AGAIN = "This is the third time I write and nobody answers! I am really angry, this is unacceptable!"


@pytest.mark.capability("CRI-06")
@pytest.mark.parametrize(
    ("pack", "said", "expected", "tag"),
    [
        ("retail", "My parcel has not arrived, it is a week late.", "Late or lost parcel", "late_parcel"),
        ("marketplace", "My sofa has not arrived, it is a week late.", "Vendor ships late", "vendor_late"),
        ("healthcare", "You sent me the wrong item.", "Wrong or faulty item", "wrong_item"),
        ("telecom", "I was charged twice this month.", "Bill trouble", "billing_trouble"),
    ],
)
def test_an_angry_customer_gets_the_protocol_of_the_cause(
    stage: Stage, pack: str, said: str, expected: str, tag: str
) -> None:
    with stage.parts.database.desk(stage.desk_id) as session:
        import_documents(session, stage.desk_id, load_pack(pack), publish_as="a test")
    ticket = stage.opens(said)
    stage.drain()
    stage.step(minutes=30)
    stage.says(ticket, AGAIN)

    stage.drain()

    with stage.parts.database.desk(stage.desk_id, read=True) as session:
        (case,) = cases.of_ticket(session, stage.tracked(ticket).id)
        assert protocols.name_of(session, case.version_id) == expected
        states = {step.action: step.state for step in steps.of_case(session, case.id)}
    waiting = {action for action, state in states.items() if state is StepState.WAITING}
    assert waiting
    assert all("task" in action for action in waiting)
    assert {state for action, state in states.items() if action not in waiting} == {StepState.DONE}
    assert tag in stage.tags(ticket)
    assert stage.comments(ticket, public=True) == [said, AGAIN]
