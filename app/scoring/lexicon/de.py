"""What customers say, in German: a few unmistakable acts only. How to write them: __init__.py."""

from __future__ import annotations

CUSTOMER = {
    "thanks": r"""
        (vielen |herzlichen |besten |lieben |tausend |schönen )?dank(?! für nichts)( (sehr|im voraus|nochmals))? ;
        (?<!nein, )danke(?! für nichts)( (sehr|schön|vielmals|euch|ihnen|dir))? ; ich danke (ihnen|euch|dir) ;
        sehr nett von ihnen
    """,
    "solved": r"""
        (funktioniert|geht|läuft|klappt)( \w+)?( (wieder|jetzt|nun))+ ; jetzt (funktioniert|geht|läuft|
        klappt)( \w+)? ; hat (geklappt|funktioniert|geholfen) ; (problem|fehler) (ist )?(gelöst|behoben) ;
        ist (gelöst|behoben|erledigt) ; hat sich erledigt
    """,
    "cancel": r"""
        (möchte|will|werde|wollen|möchten|werden)( (?!nicht|nie)\w+){0,4} kündigen ; (hiermit )?kündige (ich|hiermit|
        wir) ; ich kündige ; kündigen wir ; storniere ich ; anbieter wechseln ; wechsele? (ich )?(zu|den) ;
        (zu einem anderen|zu einer anderen|zur) (\w+ )?(anbieter|konkurrenz|firma) ;
        nie wieder (\w+ ){0,3}(bestell\w*|kauf\w*|buch\w*|bei) ; (bestelle|kaufe|buche) (ich )?(hier |bei (euch|
        ihnen) )?nie (wieder|mehr)
    """,
    "cancel_question": r"""
        (wie|wo|wann) (kann|muss|könnte) (ich|man)( \w+){0,4} (kündigen|stornieren) ; kündigungsfrist
    """,
    "legal": r"""
        (mein|meinem|meinen|unser|unserem|unseren|einen|ein|dem|der|den) (rechts)?an[wv]alt ; rechtliche schritte ;
        rechtsweg ; verbraucher(zentrale|schutz) ; vor gericht ; (erstatte|stelle|erstatten) (ich )?(straf)?anzeige ;
        verklage\w* ; schlichtungsstelle ; bundesnetzagentur
    """,
    "public": r"""
        (schlechte|negative) (bewertung|rezension) ; (öffentlich|publik) machen ; an die presse ; trustpilot
    """,
    "manager": r"""
        (ihre[mnr]?|den|dem|einen|einem|der) (vorgesetzte[nr]?|chef|chefin|teamleiter\w*|geschäftsführer\w*|
        abteilungsleiter\w*) ; (echten|richtigen) (menschen|person|mitarbeiter)
    """,
    "complaint": r"""
        (möchte|will|muss) mich( \w+){0,4} beschweren ; beschwerde (einreichen|einlegen) ; formelle beschwerde
    """,
    "repeat_contact": r"""
        (zum )?(zweiten|dritten|vierten|fünften|x-ten|wiederholten)? ?mal ; (zweite|dritte|vierte|fünfte|x-te) (mal|
        e-?mail|nachricht|anruf|anfrage) ; (schon|bereits) (zweimal|dreimal|mehrmals|mehrfach|\w+ ?mal) ; (mehrfach|
        mehrmals|zweimal|dreimal) (angerufen|geschrieben|kontaktiert|gemeldet) ; schon wieder
    """,
    "already_said": r"""
        wie (ich )?(bereits|schon) (gesagt|erwähnt|geschrieben|mitgeteilt|beschrieben) ; (habe|hatte) (ich )?(ihnen|
        euch) (\w+ ){0,4}(bereits|schon|doch) (\w+ )?(gesagt|geschickt|geschrieben|gesendet|mitgeteilt|gegeben)
    """,
    "unanswered": r"""
        keine (antwort|rückmeldung|reaktion) ; (niemand|keiner) (antwortet|meldet sich|geht ans?|ruft zurück) ;
        auf (meine|die) (\w+ )?(frage|mail|e-mail|nachricht)n? (nicht|nie)
    """,
    "still_broken": r"""
        (immer noch|noch immer|nach wie vor|weiterhin) (\w+ )?(nicht|kein\w*|nichts|kaputt|defekt|gestört) ; (problem|
        fehler) (besteht|existiert|tritt)( \w+)? (immer noch|noch immer|weiter\w*|wieder) ; wieder (ausgefallen|
        kaputt|defekt|abgestürzt|nicht) ; funktioniert (noch )?(immer )?nicht ; geht (immer )?(noch )?nicht
    """,
    "anger": r"""
        frechheit ; unverschämt\w* ; stinksauer ; sauerei ; enttäusch\w* ; unmöglich\w* ; wütend ; verärgert ;
        ärgerlich ; inakzeptabel ; unzumutbar ; unfassbar ; schlimmste\w* ; abzocke\w* ; betrug ; betrüger ;
        katastrophe ; katastrophal\w* ; saftladen ; schweinerei ; eine zumutung ; lächerlich ; genervt ;
        die nase voll ; stinkt mir ; so (etwas|was) habe ich noch nie
    """,
    "refund": r"""
        (mein |das |unser )geld zurück ; (erstatten|erstattet) sie (mir|uns) ; rückerstattung ; schadens?ersatz ;
        (vollen |den |kauf)(betrag|preis) (zurück|erstattet)
    """,
    "deadline": r"""
        (sehr |äußerst )?dringend ; so schnell wie möglich ; schnellstmöglich ; spätestens (bis )?(morgen|heute|
        montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag) ; brauche (ich )?(es|das|sie|ihn|den|
        die) (\w+ )?bis
    """,
    "waited": r"""
        (warte|warten) (ich |wir )?(\w+ )?(seit|schon|noch|auf|immer) ; seit (\w+ )?(tagen|wochen|monaten|stunden) ;
        warteschleife ; wann (kommt|bekomme|wird|kann ich)
    """,
    "bereavement": r"""
        (verstorben\w*|gestorben) ; beerdigung ; todesfall ; sterbeurkunde
    """,
}
