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
    "policy_wall": r"""
        (our|company|the|store|return|returns|cancellation|refund) polic(y|ies) ; terms (and|&) conditions ;
        terms of (service|use|business) ; our terms ; nothing (more |else |further )?(that )?(we|i) can do ;
        not our responsibility ; (no|make an|make any|making an|grant an) exceptions? ; out of our (hands|control) ;
        outside (of )?(our|the) (control|policy|warranty|return window|return period) ; not (eligible|entitled|
        covered) ; as (stated|described|explained) in (our|the) ; you agreed to ; our hands are tied ;
        system does not allow ; non[- ]refundable ; at our discretion
    """,
    "handover": r"""
        (forward|transfer|pass|escalate|hand|route|redirect|assign|refer)(ed|red|ring|ing)? (your|this|it|you|
        the) (\w+ ){0,3}(to|on to|over to|onto) ; (another|a different|the relevant|the responsible|the appropriate|
        the concerned) (team|department|colleague|agent) ; (contact|call|reach out to|get in touch with|speak to|
        write to) (our|the) (\w+ ){0,2}(team|department|manufacturer|seller|courier|carrier|vendor|provider|airline|
        bank) ; not (my|our) department
    """,
    "template": r"""
        (request|message|e-?mail|enquiry|inquiry|ticket|case) has been (received|registered|created|logged) ;
        (received|receipt of) your (request|message|e-?mail|enquiry|inquiry) ; thank(s| you) for (contacting|
        reaching out|getting in touch|writing to|your (e-?mail|message|feedback|inquiry|enquiry|interest)) ;
        value (your|you as) ; your (feedback|business|opinion|satisfaction|call|time) is (very |
        extremely )?(important|valuable|appreciated) ; member of our (\w+ )?team will ; (someone|team|
        we) will (get back to you|be in touch|respond) (shortly|soon|as soon as possible) ;
        any inconvenience( caused| this)? ; we (strive|endeavou?r|aim) to ; (not|n't) hesitate to ; take (this|your|
        all|such) (\w+ )?(very )?seriously ; rest assured ; (high|higher|large|unusual) (than usual |
        than normal )?(volume|number) of (calls|requests|e-?mails|tickets|enquiries|inquiries) ;
        is there anything else (i|we) can ; dear (valued )?customer ; we appreciate your patience ;
        assist you further ; your reference is ; do not reply to this
    """,
    "acknowledges": r"""
        (i|we) (can |do |completely |totally |fully |really )*(understand|see|imagine|appreciate) (how|that|your|why|
        the|this) ; that must (be|have been) ; you('re| are) (absolutely |quite |completely )?right ; (sorry|
        apologi[sz]e|apologies) (to hear|that (you|your|we|the|it)|for the (delay|mistake|wait|trouble|confusion|
        error|mix-?up|misunderstanding)|about (the|your|that)) ; (not|n't) (acceptable|good enough|the experience|
        how it should) ; thank(s| you) for (explaining|the details|sending|letting us know|pointing|the photos?|
        bearing with) ; as you (said|wrote|described|mentioned|explained) ; should (not|never) have happened ;
        shouldn't have happened
    """,
    "ownership": r"""
        (i|we)('ve| have) (just |now |already )?(looked into|checked|found|spoken|corrected|fixed|arranged|issued|
        sent|refunded|ordered|cancelled|booked|updated|reset|removed|added|raised|investigated|credited|replaced|
        shipped|changed|extended|applied|waived) ; i('ll| will) (personally|take care|make sure|look after|keep|stay|
        see to|handle|sort|follow) ; (our|my) (mistake|error|fault) ; leave (it|this) with me ; i('m| am) on it ;
        we got this wrong ; take (full )?responsibility ; on us ; free of charge
    """,
    "next_step": r"""
        (i|we)('ll| will| am going to| are going to) (now |also |then )?(send|ship|refund|replace|arrange|call|book|
        credit|issue|update|e-?mail|check|get back|let you know|schedule|order|exchange|deliver|transfer the|pay) ;
        you('ll| will| should) (receive|get|have|hear|see) ; next step ; here('s| is) (how|what) ; please (follow|try|
        click|go to|open|install|restart|press|select|return|enter) ; to (fix|solve|reset|resolve) (this|that|it) ;
        attached (is|you|a|the) ; (will|should) (arrive|be (delivered|refunded|credited|with you|fixed|shipped|
        replaced))
    """,
}
