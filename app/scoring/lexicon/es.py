"""What customers say, in Spanish: a few unmistakable acts only. How to write them: __init__.py."""

from __future__ import annotations

CUSTOMER = {
    "thanks": r"""
        (?<!no, )(muchas |muchísimas |mil )?gracias(?! por nada)( (por (su|tu|la|el|todo)|de antemano))? ; (se |
        te )?(lo )?agradezco( mucho)? ; muy amable
    """,
    "solved": r"""
        ya (funciona|está (resuelto|solucionado|arreglado)|me funciona) ; (todo|problema) (está )?(resuelto|
        solucionado|arreglado) ; ha funcionado
    """,
    "cancel": r"""
        (quiero|deseo|quisiera|voy a|vamos a|queremos|solicito) (cancelar|anular|dar de baja|darme de baja|
        rescindir) ; (me doy|darme|dame|denme) de baja ; me (cambio|paso) (de|a) (compañía|la competencia|otra|otro) ;
        no vuelvo a (comprar|pedir|contratar|reservar) ; nunca más (vuelvo|compro|pido|volveré|compraré)
    """,
    "cancel_question": r"""
        (cómo|dónde|cuándo) (puedo|podría|se puede|debo) (cancelar|darme de baja|anular) ; política de cancelación
    """,
    "legal": r"""
        (mi|mis|un|nuestro|el) abogad[oa]s? ; acciones legales ; (voy a|vamos a|pienso) (denunciar\w*|demandar\w*) ;
        (los|en) tribunales ; hoja de reclamaciones ; (oficina|defensa|protección) (del|de los|al) consumidor(es)?
    """,
    "public": r"""
        (mala|malas|pésima) (reseña|reseñas|valoración|opinión) ; redes sociales ; a la prensa
    """,
    "manager": r"""
        (su|un|el|con el|tu) (supervisor|supervisora|jefe|jefa|encargado|encargada|superior|gerente) ; (con|a|
        un) (un |una |el )?responsable ; persona (de verdad|real|humana)
    """,
    "complaint": r"""
        (poner|pondré|presentar|presentaré|hacer|interponer|quiero poner) una (queja|reclamación) ; quiero quejarme
    """,
    "repeat_contact": r"""
        (segunda|tercera|cuarta|quinta|enésima) (vez|llamada|consulta|reclamación) ; ya (he|hemos) (llamado|escrito|
        contactado|preguntado)( \w+)? ; (les|os|le|te) (he|hemos) (escrito|llamado) (varias|muchas|dos|tres) veces ;
        una y otra vez ; otra vez lo mismo
    """,
    "already_said": r"""
        como (ya )?(les|le|os|te)? ?(he dicho|dije|comenté|expliqué|indiqué|mencioné) ; ya (se|te|os) lo (he|
        hemos) (dicho|explicado|enviado|mandado) ; ya (les|le|os|te) (he|hemos) (dicho|explicado|enviado|mandado)
    """,
    "unanswered": r"""
        nadie (me |nos )?(contesta|responde|atiende|ha (contestado|respondido)) ; sin (respuesta|contestación) ;
        no (me )?(contestan|responden|han (contestado|respondido))
    """,
    "still_broken": r"""
        (sigue|siguen|continúa) (sin|igual|fallando|roto|rota|mal) ; (todavía|aún) no (funciona|ha llegado|llega|va|
        tengo|lo) ; no funciona (todavía|aún) ; ha vuelto a (fallar|romperse|pasar) ; el mismo (problema|error)
    """,
    "anger": r"""
        vergüenza ; vergonzos[oa] ; inaceptable ; (estoy|estamos) (muy )?(hart[oa]s?|enfadad[oa]s?|indignad[oa]s?|
        decepcionad[oa]s?|furios[oa]s?|molest[oa]s?) ; decepción ; decepcionante ; indignante ; pésim[oa] ;
        estafa\w* ; ladrones ; ridículo ; tomadura de pelo ; falta de respeto ; inútiles ; un desastre ; la peor
    """,
    "refund": r"""
        (devuelvan|devolver|devuélvanme|devuelvanme|devolución de) (\w+ ){0,2}(dinero|importe) ; (exijo|quiero|
        solicito|pido|reclamo) (\w+ )?(reembolso|devolución|indemnización|compensación)
    """,
    "deadline": r"""
        (muy |es )?urgente(mente)? ; lo antes posible ; cuanto antes ; (necesito|necesitamos)( \w+){0,3} antes del?
    """,
    "waited": r"""
        (llevo|llevamos) (\w+ ){0,3}(esperando|horas|días|semanas|meses) ; (sigo|seguimos) esperando ;
        hace (\w+ )(días|semanas|meses) que ; cuándo (llega|llegará|recibiré|me)
    """,
    "bereavement": r"""
        (falleció|fallecido|fallecida|ha fallecido|ha muerto|fallecimiento) ; funeral
    """,
}
