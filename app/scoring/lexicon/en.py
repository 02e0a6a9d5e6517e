"""What customers say, in English: the acts of signals/acts.py by their phrases. How to write them: __init__.py."""

from __future__ import annotations

CUSTOMER = {
    "thanks": r"""
        (many |big |huge )?thanks(?! for nothing| a lot for nothing)( (a lot|so much|very much|again|a million|
        in advance))? ; thank you(?! for nothing)( (so much|very much|kindly|again|in advance))? ; thx ; tysm ;
        (much |really |greatly )?appreciated ; i (really |truly )?appreciate (it|that|this|your|the) ;
        i am grateful ; cheers
    """,
    "cancel": r"""
        (want|wish|like|going|need|decided|have|about) to (cancel|close|terminate|end)( (my|the|this|
        our))?( (account|subscription|contract|membership|order|plan|service))? ;
        (cancel|close|terminate|delete) (my|our) (account|subscription|contract|membership|plan|service) ;
        cancel (everything|immediately|right now) ; i('ll| will| am|'m) cancel(l?ing)?( my [a-z]+)? ;
        cancell?ing my (account|subscription|contract|membership|order|plan) ;
        (switch(ing)?|mov(e|ing)|go(ing)?) to (a|another|your) (competitor|provider|company) ;
        (take|taking) (my|our) business elsewhere ; you('ve| have)? lost (me|a customer|my business|our business) ;
        never (order|buy|shop|use|book|come|do business)(ing)? (\w+ ){0,3}again ;
        last time i('ll)? (ever )?(order|buy|use|book) ; want (all )?my money back
    """,
    "solved": r"""
        (it|that|this|everything)('s| is)? (all )?(works?|working|fixed|solved|resolved|sorted)( out)?( (now|again|
        perfectly|fine))? ; that (did it|worked|solved it|fixed it|helped) ; problem (is )?(solved|fixed|gone) ;
        issue (is )?(solved|resolved|fixed) ; (you )?(solved|fixed|resolved) (it|my|the|this)( \w+)? ;
        all (good|set|sorted)( now)? ; it arrived ; got (it|my refund) (now|today)
    """,
    "praise": r"""
        great ; perfect(ly)? ; excellent ; awesome ; wonderful ; amazing ; fantastic ; good ; love(d|ly)? ; nice ;
        cool ; (very |so |really )helpful ; brilliant ; sounds good ; works for me ; well done ; impressed ;
        delighted ; happy with
    """,
    "accept": r"""
        yes ; yeah ; yep ; sure ; ok ; okay ; correct ; sounds good ; that works ; please do ; go ahead ; fine ;
        i'll take ; agreed ; absolutely
    """,
    "goodbye": r"""
        bye ; goodbye ; good bye ; have a (good|great|nice|lovely) ; that's all ; that is all ; nothing else ;
        that's it ; that will be all ; that's everything ; all i need(ed)? ; no other questions
    """,
    "legal": r"""
        (my |a |our |the )?lawyers? ; attorneys? ; solicitors? ;
        legal (action|steps|advice|proceedings|department) ; sue( you)? ; suing ; small claims( court)? ;
        take (you|this|it) to court ; see you in court ; ombudsman ; trading standards ;
        consumer (protection|rights|council|association) ; chargeback ; charge ?back ;
        dispute (the|this) (charge|payment) ; report you to ; the police ; data protection (authority|officer) ;
        bbb ; better business bureau
    """,
    "public": r"""
        (bad|negative|terrible|one[- ]star|1[- ]star|zero[- ]star|honest) reviews? ;
        (leave|write|post)(ing)? (a |an |my )?(\w+ )?review ; trustpilot ;
        tell (everyone|everybody|all my friends|the world) ; (go|going|take this|post(ing)?|share|
        sharing)( this)?( \w+)? (public|on twitter|on x|on facebook|on social media|on reddit|on instagram|online) ;
        contact(ing)? the (press|media|newspapers?) ; name and shame ; warn (others|everyone|people)
    """,
    "manager": r"""
        (your |a |the )?(manager|supervisor|team lead(er)?|superior)s? ;
        someone (senior|in charge|else|competent|who can (actually )?help) ; escalat(e|ed|ing|ion) ;
        (speak|talk|talking|speaking) (to|with) (a |an )?(real |actual )?(human|person|people|someone) ;
        (a )?(real|actual) (human|person) ; (formal|official) complaint ; (file|make|raise|lodge) a complaint ;
        higher up
    """,
    "repeat_contact": r"""
        (second|third|fourth|fifth|sixth|tenth|umpteenth|nth|\d{1,2}(nd|rd|th)) (time|attempt|e-?mail|message|
        request|call|contact|ticket|complaint) ; (twice|three times|four times|five times|multiple times|
        several times|so many times|\d{1,2} times) (already|now|before|this week) ; how many (more )?times ;
        over and over( again)? ; once again ; yet again ; again and again ; every time i ;
        i('ve| have) (already )?(written|called|emailed|e-mailed|contacted|messaged|phoned|asked|tried) (\w+ )?(twice|
        \w+ times|before|already|again|repeatedly) ; keep(s)? (asking|writing|calling|having to) ;
        (have|having) to (write|call|ask|explain|repeat|contact you) again ;
        no( one|body) (has )?(answer|repl|respond|call|help)\w* ;
        same (problem|issue|question|answer|thing) (again|as before)
    """,
    "already_said": r"""
        (as|like) i('ve| have)? (already |just )?(said|told|wrote|written|mentioned|explained|stated)( (before|
        already|earlier|above))? ; i('ve| have)? (already|just) (said|told|gave|given|sent|provided|explained|
        answered|mentioned|tried)( \w+)? ; i told you ; i (asked|meant|said) ;
        (did|have|do) you (even )?(read|listen) ; read my (message|e-?mail|first|previous|last) ;
        not what i (asked|meant|said|wanted|ordered) ; does(n't| not) answer my question ;
        didn't answer (my|the) question ; you (didn't|did not|don't) (answer|listen|read|understand) ;
        you already asked
    """,
    "still_broken": r"""
        still (is )?(not|no|doesn't|does not|isn't|can't|cannot|haven't|hasn't|won't|don't|didn't|nothing|broken|
        wrong|missing|down|failing|the same|waiting|waits?|getting|have (the|not|no)|has (not|no)|having|unable|
        unresolved|stuck|happening)( \w+){0,2} ; (it |that |this )?(didn't|did not|doesn't|does not|hasn't|
        has not) (work|help|fix|solve|change)(ed)?( \w+)? ; (not|isn't|stopped) working( again)? ;
        (broke|broken|failed|crashed|happened|down) again ; same (problem|issue|error) ;
        no (change|improvement|progress|solution|update)( yet)? ; not (fixed|resolved|solved|sorted)( yet)? ;
        never (arrived|came|received|got|worked|heard) ; nothing (has )?(happened|changed|works|helped)
    """,
    "anger": r"""
        terrible ; horrible ; horrendous ; awful ; appalling ; worst ; ridiculous ; useless ; unacceptable ;
        pathetic ; disgust\w* ; disgrace\w* ; outrag\w* ; angry ; furious ; livid ; annoy\w* ; frustrat\w* ;
        disappoint\w* ; hate ; stupid ; idiots? ; rubbish ; joke ; liars? ; lie[ds]? ; lying ; rude ;
        incompeten\w* ; fed up ; sick of ; tired of ; had enough ; (waste|wasting|wasted) (of )?(my )?(time|money) ;
        scam\w* ; fraud\w* ; rip[- ]?off ; ripped off ; thie(f|ves) ; stole ; shame(ful)? on you ; shambles ;
        not good enough ; what a mess ; insult\w* ; ignor(ed|ing) me ; upset ; unhappy ; dissatisfied ;
        not (at all )?(happy|satisfied|amused|impressed) ; nightmare
    """,
    "profanity": r"""
        shit\w* ; damn(ed)? ; bloody ; hell ; crap\w* ; f+u+c+k\w* ; f\*+\w* ; wtf ; bullshit ; bs ; arse\w* ; ass ;
        asshole\w* ; screw (you|this) ; piss(ed)?( off)? ; bastards?
    """,
    "problem": r"""
        problems? ; issues? ; errors? ; wrong(ly)? ; broken ; fail(s|ed|ing|ure)? ; defective ; faulty ; missing ;
        delay(s|ed)? ; late ; lost ; stuck ; damaged ; overcharg\w* ; charged (twice|double|again) ;
        double charged ; incorrect(ly)? ; crash(es|ed|ing)? ; complain\w* ; refund(ed|s)? ; doesn't work ;
        won't (start|open|load|turn) ; can't (log ?in|access|open|use) ; locked out ; leak(s|ing|ed)?
    """,
    "waited": r"""
        waiting ; waited ; for (ages|hours|days|weeks|months) ;
        (\d+|two|three|four|five|several|many) (hours|days|weeks|months)( ago| now| later)? ; on hold ;
        no (reply|response|answer) ; any (update|news) ; how (much )?long(er)? ; taking (so|too|forever) ;
        too long ; forever ; when will ; still ; again ; already ; yet
    """,
    "confused": r"""
        confus\w* ; don't understand ; didn't understand ; do not understand ; what do you mean ; unclear ; huh ;
        sorry\? ; pardon ; makes no sense ; make sense of
    """,
    "alternative": r"""
        instead ; another ; other ; different ; else ; change ; rather ; alternatives? ; how about ; what about ;
        any others? ; too expensive
    """,
    "decline": r"""
        no thanks ; no thank you ; not really ; don't want ; do not want ; not interested ; never ?mind ;
        forget it ; no ; nope
    """,
    "negation": r"""
        no ; not ; never ; none ; nothing ; nobody ; can't ; cannot ; don't ; doesn't ; didn't ; won't ; isn't ;
        wasn't ; aren't ; haven't ; hasn't ; wouldn't ; couldn't
    """,
    "sarcasm": r"""
        thanks? (you )?(a lot )?for (nothing|wasting|ruining|ignoring)\w* ; (great|wonderful|brilliant|fantastic|
        lovely|perfect|nice|awesome|excellent|amazing)[,.!]* (yet )?(another|one more) (\w+ )?(delay|excuse|problem|
        error|failure|day|week|wait|bug|template|copy|bot)\w* ;
        oh,? (great|wonderful|brilliant|fantastic|lovely|perfect|joy|good) ;
        just (great|perfect|wonderful|brilliant|fantastic|lovely) ; yeah,? right ;
        how (wonderful|lovely|nice|convenient|surprising) ; what a (surprise|joke) ; good luck with that ;
        (great|nice|good) job[,!]* (breaking|losing|ignoring|guys)
    """,
}
