"""What our side says, in English: the phrases of signals/service.py. How to write them: __init__.py."""

from __future__ import annotations

AGENT = {
    "refusal": r"""
        unfortunately ; i'm afraid ; unable ; cannot ; can't ; couldn't ; not able ; not available ; unavailable ;
        not possible ; no (results?|matches|options|availability) ; don't have ; do not have ; does not ; doesn't ;
        there (are|is|were) no ; none ; failed ; unsuccessful ; wasn't able ; no such ; not find ; fully booked ;
        sold out ; against our policy ; our policy ; not eligible
    """,
    "apology": r"""
        sorry ; apolog\w* ; regret ; inconvenience
    """,
    "confirmation": r"""
        confirmed ; booked ; success\w* ; reserved ; done ; completed ; processed ; scheduled ; purchased ;
        reference number ; resolved ; refunded ; all set ; shipped ; credited
    """,
    "deferral": r"""
        please wait ; hold on ; one moment ; contact ; call ; visit ; email us ; dm ; private message ; check with ;
        transfer\w* ; queue ; forward(ed)? (this|your)
    """,
}
