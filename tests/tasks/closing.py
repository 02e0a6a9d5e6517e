"""How a test comes to a solved ticket with a case, and to one whose survey has gone out. No test lives here."""

from __future__ import annotations

import re

import pytest

from tests.tasks.stage import CUSTOMER, FOLLOW_UP, NOTE, Killed, Stage, die, protocol

LINK = re.compile(r"http://127\.0\.0\.1:8000/s/([\w-]{44})(?![\w/-])")


def solved(stage: Stage, *actions, email: str = CUSTOMER, **follow_up) -> str:
    """A ticket with a case that was solved just now."""
    stage.publish(protocol("Rescue", *(actions or (NOTE,)), follow_up={**FOLLOW_UP, **follow_up}))
    ticket = stage.opens(email=email)
    stage.drain()
    stage.answers(ticket)
    stage.solves(ticket)
    stage.drain()
    return ticket


def surveyed(stage: Stage, *actions, **more) -> str:
    """One whose survey has gone out."""
    ticket = solved(stage, *actions, **more)
    stage.step(hours=25)
    stage.drain()
    return ticket


def killed_while_mailing(stage: Stage) -> None:
    """The sender dies with the mail in its hands."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.outbound.mail.Handover.send", lambda _: die())
        with pytest.raises(Killed):
            stage.turn()
