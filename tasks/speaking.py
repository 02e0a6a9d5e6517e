"""What steps say to customers in public, held against what they have heard already. The rules are
`app.protocols.contact`'s; sending is `performing.py`'s."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from app.protocols import contact
from app.protocols.contact import Said
from app.protocols.errors import Withheld
from app.store.contacts import KEY, Heard
from app.store.models import StepRow
from connectors.ticket import Write
from tasks import own_steps
from tasks.planning import Context


class Speaker:
    """Counts along while the steps of one run are planned, so that two of them do not apologise each for itself."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._heard = {case_id: known.heard for case_id, known in context.cases.items()}

    def check(self, row: StepRow, write: Write) -> None:
        """Raises Withheld for words that are not to reach the customer; our own survey's are always in order."""
        if write.comment is None or not write.comment.public or row.do == own_steps.SURVEY:
            return
        text, heard = write.comment.text, self._heard[row.case_id]
        rails = self._context.cases[row.case_id].protocol.guardrails
        why = contact.withheld(text, rails, heard.in_case, heard.apologies)
        if why is not None:
            raise Withheld(why)
        said = contact.kinds(text)
        self._heard[row.case_id] = Heard(
            in_case=heard.in_case | said, apologies=heard.apologies + (Said.APOLOGY in said)
        )


def note(rows: Iterable[StepRow], parts: Sequence[Write]) -> None:
    """Remember with the intent what kinds of words each step says; nothing of the words themselves."""
    said = {
        marker: sorted(contact.kinds(part.comment.text))
        for part in parts
        if part.comment is not None and part.comment.public
        for marker in part.markers
    }
    for row in rows:
        if said.get(row.marker) and row.do != own_steps.SURVEY:
            row.params = {**row.params, KEY: said[row.marker]}
