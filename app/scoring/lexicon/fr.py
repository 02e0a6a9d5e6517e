"""What customers say, in French: a few unmistakable acts only. How to write them: __init__.py."""

from __future__ import annotations

CUSTOMER = {
    "thanks": r"""
        (?<!non, )(un grand |mille |encore )?mercis?(?! (pour|de) rien)( (beaucoup|infiniment|encore|d'avance|
        bien))? ; (je vous|je te|vous) remercie ; c'est gentil
    """,
    "solved": r"""
        (ça|cela) (marche|fonctionne)( \w+)? (maintenant|à nouveau|de nouveau|enfin) ; (ça|cela) (marche|
        fonctionne) maintenant ; problème (est )?(résolu|réglé) ; (c'est|est) (résolu|réglé) ; (ça|cela) a (marché|
        fonctionné)
    """,
    "cancel": r"""
        (veux|souhaite|voudrais|vais|voulons|souhaitons|désire) (résilier|annuler (mon|notre|l'|le) ?(contrat|
        abonnement|compte)|annuler|me désabonner|clôturer) ; (résiliation|clôture) de (mon|notre) (compte|abonnement|
        contrat) ; je (résilie|me désabonne|quitte) ; (vais|veux) (changer d'(opérateur|assureur)|
        changer de (fournisseur|banque|prestataire)|aller voir ailleurs|partir à la concurrence) ;
        ne commanderai plus(?! tard) ; n'achèterai plus ; (plus jamais|jamais plus) (chez|avec) vous
    """,
    "cancel_question": r"""
        (comment|où|quand) (puis-je|peut-on|pourrais-je|dois-je|faire pour|résilier|annuler|
        je peux)( \w+)?( (résilier|annuler|me désabonner))? ; conditions de résiliation
    """,
    "legal": r"""
        (mon|notre|un|l') ?avocate? ; porter plainte ; (saisir|saisirai|saisis|saisirons) (la justice|le tribunal|
        le médiateur|les tribunaux) ; (au|devant le|devant les) tribuna(l|ux) ; action en justice ; (association|
        protection|défense) (de|des) consommateurs ; répression des fraudes ; dgccrf
    """,
    "public": r"""
        (mauvais|mauvaise|mauvaises) (avis|note|notes|évaluation) ; réseaux sociaux ; à la presse
    """,
    "manager": r"""
        (votre|un|une|le|la|au) (responsable|supérieure?|manager|directeur|directrice|chef) ; être humain ; (vraie|
        véritable) personne ; un humain
    """,
    "complaint": r"""
        (déposer|faire|adresser|formuler|dépose|adresse) une réclamation ; me plaindre
    """,
    "repeat_contact": r"""
        (deuxième|seconde|troisième|quatrième|cinquième|énième) (fois|mail|e-mail|message|appel|relance|demande) ;
        (ai|avons) déjà (appelé|écrit|contacté|téléphoné|relancé)( \w+)? ; je vous relance ; (une )?nouvelle fois ;
        (à )?plusieurs reprises ; (deux|trois|quatre|dix) fois
    """,
    "already_said": r"""
        comme je (vous )?(l'ai |le |vous l'ai |l' ?avais )?(déjà )?(dit|disais|expliqué|indiqué|écrit|mentionné|
        précisé) ; (vous|l') ?(ai|avons) déjà (envoyé|dit|expliqué|donné|transmis|fourni|répondu)
    """,
    "unanswered": r"""
        personne (ne |n')(\w+ )?(répond|rappelle|décroche|a répondu) ; sans (réponse|nouvelles?|retour) ; (aucune|
        pas de) (réponse|nouvelles?) ; aucun retour
    """,
    "still_broken": r"""
        (marche|fonctionne|va|répond|démarre|chauffe) toujours pas ; (toujours|encore) (rien|en panne|pas|cassé|
        le même|la même|bloqué|aucune?) ; (même|le) (problème|panne|erreur) (persiste|continue|revient|est revenue?) ;
        de nouveau en panne ; (marche|fonctionne) plus
    """,
    "anger": r"""
        inadmissible ; scandaleux ; scandaleuse ; honteux ; honteuse ; une honte ; inacceptable ; marre ;
        ras[- ]le[- ]bol ; (très |si |tellement |profondément |vraiment )?(déçue?s?|furieux|furieuse|mécontente?s?|
        énervée?s?|indignée?s?) ; (vous vous )?moquez de (moi|nous) ; foutez de ; arnaque\w* ; voleurs ; lamentable ;
        déplorable ; catastrophique ; incompétente?s? ; n'importe quoi ; foutage de gueule
    """,
    "refund": r"""
        (être|soit|sois) remboursée?s? ; rembours(er|ez|ement)(-moi| moi)? ; (rendez|redonnez)-moi (mon|l') ?argent ;
        (mon|notre) argent ; dédommage(r|ment|z)
    """,
    "deadline": r"""
        (très |c'est )?urgent(e)? ; au plus vite ; le plus (vite|rapidement|tôt) possible ;
        dans les plus brefs délais ; avant (demain|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)
    """,
    "waited": r"""
        (attends|attendons) (\w+ ){0,2}depuis ; depuis (\w+ )?(jours|semaines|mois|heures) ; quand (vais-je|
        est-ce que|sera|arrive)
    """,
    "bereavement": r"""
        (décédée?|est décédée?|est morte?|décès) ; obsèques ; enterrement
    """,
}
