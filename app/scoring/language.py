"""Whether English word lists may be applied to a text. A first guard by function words; it names no language."""

from __future__ import annotations

import re

from app.scoring.lexicon import words

LETTERS = re.compile(r"[^\W\d_]+")
LATIN_END = 0x0250  #: letters below this are Latin

ENGLISH = words("""
    the a an i you it is are was were be been to of in on for and or at my me your we our that this with do does did
    can could would will have has had just please there any by from what which how when where who not no yes still
    but so if they them their he she his her am
""")
# Function words of German, Spanish, French, Italian, Portuguese and Dutch; few of them are English words, too.
OTHERS = words("""
    der die das und ich nicht ist ein eine mein meine bitte wir sie mit auf für zu den dem noch immer wurde habe
    el la los las una que por para con mi su pero como está muy esto quiero pedido lo al del se
    le les des une est je ne pas vous nous mon ma pour dans sur avec mais toujours cette ce
    il che non sono di della questo ancora grazie uma não meu minha você com ainda isso
    het een ik niet mijn van voor maar nog wat naar
""")


def reads_english(text: str) -> bool:
    """True unless the words are plainly in another script or language; short and mixed texts count as English."""
    found = LETTERS.findall(text.lower())
    foreign = sum(len(word) for word in found if ord(word[0]) >= LATIN_END)
    if foreign and foreign > sum(map(len, found)) / 2:
        return False
    others = sum(word in OTHERS for word in found)
    return others < 2 or others <= sum(word in ENGLISH for word in found)
