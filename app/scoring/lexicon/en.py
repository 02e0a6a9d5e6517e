"""What customers say, in English: the acts of signals/acts.py by their phrases. How to write them: __init__.py."""

from __future__ import annotations

CUSTOMER = {
    "thanks": r"""
        (?<!no, )(many |big |huge |much )?thanks(?! (a lot )?for (nothing|wasting|ruining|ignoring))( (a lot|so much|
        very much|again|a million|in advance))? ; (?<!no, )thank (you|u)(?! (very much |so much )?for (nothing|
        wasting|ruining|ignoring)| if)( (so much|very much|kindly|again|in advance))? ; thx ; tysm ; ta very much ;
        (much |really |greatly )?appreciated ; appreciate (it|that|this|your|the)(?! if) ; i('m| am) (very |so |
        really )?grateful ; cheers
    """,
    "cancel": r"""
        (want|wish|like|going|need|decided|have|about) to (cancel|terminate)( (my|the|this|our|it|
        everything))?( (account|subscription|contract|membership|order|plan|service))? ; (want|wish|like|going|need|
        decided|have|about) to (close|end|delete) (my|the|this|our) (account|subscription|contract|membership|order|
        plan|profile) ; (cancel|close|terminate|delete|end) (my|our) (account|subscription|contract|membership|plan|
        service|order) ; cancel (everything|immediately|right now) ; i('ll| will| shall| am|
        'm) cancel(l?ing)?( my [a-z]+)? ; cancell?ing my (account|subscription|contract|membership|order|plan) ;
        (switch(ing)?|mov(e|ing)|go(ing)?|chang(e|ing)) to (a|another|your|a different) (competitor|provider|company|
        supplier|bank|carrier|shop) ; (take|taking) (my|our) (business|custom|money) elsewhere ;
        you('ve| have)? (just )?lost (me|a (good |loyal )?customer|my business|our business) ; never (order(ing)?|
        buy(ing)?|shop(ping)?|us(e|ing)|book(ing)?|come|coming|do(ing)? business|set foot|
        stay(ing)?)( (\w+ ){0,4}again| (from|with|in|at) (you|here|your)) ; (won't|will not|not going to) (be )?(us(e|
        ing)|order(ing)?|buy(ing)?|com(e|ing)|shop(ping)?|book(ing)?|stay(ing)?)( \w+){0,4} again ; (won't|will not|
        not) (be )?(back|renew(ing)?)(?! (to|until|before|in|at|on|home)) ; last time i('ll)? (ever )?(order|buy|use|
        book) ; my last (order|booking|purchase|stay) with you ; want (all )?my money back ; consider this my notice ;
        i('m| am) (done|finished|through)( with (you|this|your)| here) ; we're done with (you|your) ;
        i('m| am) (leaving|out of here)(?=[ \t]*([.!,\n]|$| you\b)) ; (order|buy|shop|look|go|try|
        bank) (somewhere else|elsewhere) ; look (at|for|into) (other|another|an? (alternative|other)) (providers?|
        suppliers?|companies|company|bank) ; time to (look|find|leave|switch|move on) ; unsubscribed and ;
        have uninstalled ; stop my (direct debit|subscription|membership|payments) ; i('ll| will) be (cancelling|
        canceling|leaving you|switching) ; (process|confirm|accept) (the|my) (termination|cancellation) ; (don't|
        do not|not) (intend|plan|going|want) to (renew|extend|stay with)
    """,
    "solved": r"""
        (it|that|this|everything)('s| is)? (all )?(works?|working|fixed|solved|resolved|sorted)( out)?( (now|again|
        perfectly|fine))? ; it's working ; that (did it|worked|solved it|fixed it|helped|did the trick) ; (seems|
        seem) to (have done it|work now|be fixed) ; (link|code|fix|reset|update|trick) worked ; problem (is )?(solved|
        fixed|gone) ; issue (is )?(solved|resolved|fixed) ; (you )?(solved|fixed|resolved) (it|my|the|this)( \w+)? ;
        all (good|set|sorted)( now)? ; (it|everything|parcel|package|order|refund|money|
        replacement) (has )?(finally )?(arrived|came through)(?! (broken|damaged|cracked|late|wrong|without|with|
        in pieces)) ; got (it|my refund|my money) (now|today|back) ; i'm back in ; can close (this|the) (ticket|case|
        request) ; no further help ; figured it out ; (managed|able) to (log|sign|get) in ;
        working again(?! \w* ?not) ; i found (it|the setting|the solution) ; (it|that|screen|
        phone) (finally )?turned on(?! (and|then|but|by))
    """,
    "praise": r"""
        great ; perfect(ly)? ; excellent ; awesome ; wonderful ; amazing ; fantastic ; good ; love(d|ly)? ; nice ;
        cool ; (very |so |really |incredibly |extremely )helpful ; brilliant ; sounds good ; works for me ;
        well done ; impressed ; delighted ; happy with ; superb ; outstanding ; top notch ; spot on ; first class
    """,
    "accept": r"""
        yes ; yeah ; yep ; sure ; ok ; okay ; correct ; sounds good ; that works(?! (now|again|fine|perfectly)) ;
        please do ; go ahead ; fine ; i'll take ; agreed ; absolutely ; works for me
    """,
    "goodbye": r"""
        bye ; goodbye ; good bye ; have a (good|great|nice|lovely) ; that's all ; that is all ; nothing else ;
        that's it ; that will be all ; that's everything ; all i need(ed)? ; no other questions
    """,
    "legal": r"""
        (?<!as )(?<!am )(my|our|your) (lawyers?|attorneys?|solicitors?|legal team) ; (involve|call|contact|consult|
        hire|get|with|by|instruct(ed)?|see|seeing) (a )?(lawyers?|attorneys?|solicitors?) ; legal (action|steps|
        advice|proceedings|department|counsel|recourse|rights) ; (will|to|'ll|gonna|shall) sue ; sue (you|your|them) ;
        suing ; small claims( court)? ; take (you|this|it) to court ; (see|meet) you in court ; ombudsman ;
        attorney general ; trading standards ; consumer (protection|rights|council|association|agency|bureau) ;
        rights as a consumer ; know my rights ; chargeback ; charge ?back ; (dispute|disputing) (the|this|it|
        your)( \w+)? (charge|payment|transaction|with my) ; reverse the (charge|payment|transaction) ; report(ed|
        ing)? (you|this|it) to ; (to|call|contact|tell|inform|involve) the police ; data protection (authority|
        officer) ; bbb ; better business bureau ; (the|a) regulators? ; breach of (\w+ )?(contract|gdpr|law|
        warranty) ; in breach of ; (that's|this is|it's|is) illegal ; against the law
    """,
    "public": r"""
        (leav\w+|writ\w+|post\w*|giv\w+|expect|get|deserve|a|my)( \w+){0,3} (bad|negative|terrible|one[- ]star|
        1[- ]star|zero[- ]star|honest|scathing|damning) reviews? ; (?<!do i )(?<!can i )(leav|writ|post|giv)(e|
        ing) (a |an |my |you a )?(?!good|great|positive|nice|five|5|excellent|glowing|lovely)(\w+ )?reviews? ;
        my review (on|of|will) ; trustpilot ; (tell|telling) (everyone|everybody|all my|the world|all our) ;
        (everyone|everybody) i know ; nobody i know ; (go|going|take this|post(ing|ed)?|share|sharing|
        put(ting)? this)( this| the \w+)?( \w+)? (public|(on|to) (twitter|x|facebook|social media|reddit|instagram|
        tiktok|linkedin|youtube)|online|viral) ; (going |go |talk |speak )?to the (press|media|newspapers?|papers) ;
        contact(ing)? the (press|media|newspapers?) ; name and shame ; warn(ing)? (others|everyone|people|
        my friends) ; my (\w+ )?followers
    """,
    "manager": r"""
        (?<!the task )(?<!am )(your |a )(line )?(managers?|supervisors?|team lead(er)?s?|superiors?|boss) ; (speak|
        talk|put me through|connect me|get me|transfer me|escalate)( \w+){0,3} (manager|supervisor|team leader|
        superior|boss) ; (the |your )(manager|supervisor)(?! (of|role|account|app|shows|is me)) ; (someone|anyone|
        somebody|anybody) (more )?(senior|in charge|else|competent|(there )?who can (actually )?(help|decide)) ;
        (please |to )escalat(e|ed) ; escalat(e|ed|ing|ion)( (this|it|my|the|to))? ; (speak|talk|talking|speaking|
        connect me|put me through) (to|with) (a |an )?(real |actual |live )?(human|person|people|someone|agent) ;
        (a )?(real|actual|live) (human|person|agent) ; a human(?! being)( please)? ; not a (bot|robot|machine) ;
        sending me to (the|a|your) (chat)?bot ; head office ; (formal|official) complaint ; (file|make|raise|
        lodge) a complaint ; higher up ; (your|the) ceo
    """,
    "repeat_contact": r"""
        (second|third|fourth|fifth|sixth|tenth|umpteenth|nth|\d{1,2}(nd|rd|th)) (time|attempt|e-?mail|message|request|
        call|contact|ticket|complaint|letter|chat) (i|we|about|in|that|this|and|now|already|regarding|on|with|for|to|
        same) ; (second|third|fourth|fifth|sixth|tenth|umpteenth|nth|\d{1,2}(nd|rd|th)) (attempt|e-?mail|message|
        request|call|ticket|complaint|letter) ; (the|for the) (third|fourth|fifth|sixth|tenth|umpteenth|nth) time ;
        (twice|three times|four times|five times|multiple times|several times|so many times|\d{1,2} times) (already|
        now|before|this week) ; how many (more )?times ; over and over( again)? ; once again ; yet again ;
        again and again ; again the same ; every time i (call|write|ask|contact|phone|email|speak) ;
        i('ve| have) (now |already )?(written|called|emailed|e-mailed|contacted|messaged|phoned|asked|tried|rung|
        chased)( \w+){0,2} (twice|\w+ times|before|already|again|repeatedly|(on|several|many)( \w+)? occasions) ;
        keep(s)? (asking|writing|calling|having to|chasing|ringing|emailing) ; chas(e|ing) (this|you|it)( up)? ;
        (have|having|had) to (write|call|ask|explain|repeat|contact|chase) you( again)? ; follow(ing)?[- ]up on my ;
        my previous (e-?mails?|messages?|calls?|tickets?|requests?) ; already (opened|raised|submitted|logged) (a|
        this|two|another) (ticket|case|request) ; writing again ; (two|three|four|five|six|ten|several|many|
        \d{1,2}) (calls|e-?mails|tickets|messages|chats) (to|about|already|later|now|so far) ; no( one|
        body) (has )?(answer|repl|respond|call|help)\w* ; same (problem|issue|question|answer|thing) (again|
        as before) ; bother(ing)? you again ; (me|it's me) again
    """,
    "already_said": r"""
        (as|like) i('ve| have)? (already |just )?(said|told|wrote|written|mentioned|explained|stated)( (before|
        already|earlier|above))? ; as (mentioned|stated|explained|said)( (above|before|already|earlier|in my))? ;
        i('ve| have)? (already|just) (said|told|gave|given|sent|provided|explained|answered|mentioned|tried)( \w+)? ;
        i told (you|your) ; i (asked|meant|said) ; i explained (all|this|it|that|everything) ; (did|have|
        do) you (even )?(read|listen) ; read (my|what i) (message|e-?mail|first|previous|last|wrote|said) ;
        see my (last|previous|first|earlier) ; (don't|not|never|didn't) read my ; not what i (asked|meant|said|wanted|
        ordered) ; does(n't| not) answer (my question|what i) ; didn't answer (my|the) question ; you (didn't|did not|
        don't) (answer|listen|read|understand) ; you (already |just )?asked me (that|this|for) ; you already asked ;
        sent (you )?(it|this|that|them|the \w+) (twice|already|before) ; explain (it |this |everything )?(all )?(over|
        yet|once) again
    """,
    "still_broken": r"""
        still (is )?(not|no|doesn't|does not|isn't|can't|cannot|haven't|hasn't|won't|don't|didn't|nothing|broken|
        wrong|missing|down|failing|the same|waiting|waits?|getting|have (the|not|no)|has (not|no)|having|unable|
        unresolved|stuck|happening|flicker\w*|leak\w*|crash\w*|without|an? (error|issue|problem))( \w+){0,2} ; (it |
        that |this )?(didn't|did not|doesn't|does not|hasn't|has not) (help|fix|solve|change)(ed)?( \w+)? ; (it |
        that |this )?(didn't|did not|hasn't|has not) work(ed)?( \w+)? ; (doesn't|does not|don't) work (now|any ?more|
        either|yet|again|still) ; (not|isn't|stopped) working( again)? ; then (it )?stopped ; (broke|broken|failed|
        crashed|happened|happening|down|gone|died|ausgefallen) again ; same (problem|issue|error|fault) ; (problem|
        issue|error|fault|noise|leak)('s| is) back ; no (change|improvement|progress|solution|update|luck)( yet)? ;
        no difference ; (not|isn't|hasn't been|has not been|not been) (fixed|resolved|solved|sorted)( yet)? ;
        never (arrived|came|received|got|worked|heard|turned up|showed up|delivered) ; nothing (has )?(happened|
        changed|changes|works|worked|helped|helps) ; keeps (crashing|failing|breaking|happening|freezing|
        disconnecting|coming back|doing (it|that)) ; replacement (is|was|has) (\w+ )?(faulty|broken|defective|damaged|
        the same|also)
    """,
    "anger": r"""
        terrible ; horrible ; horrendous ; awful ; appalling ; worst ; ridiculous ; useless ; unacceptable ;
        pathetic ; disgust\w* ; disgrace\w* ; outrag\w* ; angry ; furious ; livid ; annoy\w* ; frustrat\w* ;
        disappoint\w* ; hate ; stupid ; idiots? ; rubbish ; (a|the|some kind of|complete|total|absolute|sick|
        bad) joke ; liars? ; lied ; lies ; lying to ; rude ; incompeten\w* ; fed up ; sick (and tired )?of ;
        tired of ; had enough ; had it with ; (waste|wasting|wasted) (of )?(my |our |a |the )?(\w+ ){0,2}(time|money|
        day|days|hours?|weekend|saturday|sunday|afternoon|morning) ; scam\w* ; fraud\w* ; rip[- ]?off ; ripped off ;
        thieves ; you('re| are) (a )?thie(f|ves) ; stole ; shame(ful)? on you ; ashamed of yourselves ;
        ashamed of yourself ; should be ashamed ; shambles ; not good enough ; what a mess ; insult\w* ; ignor(ed|
        ing) me ; upset(?! stomach) ; unhappy ; dissatisfied ; not (at all )?(happy|satisfied|amused|impressed) ;
        nightmare ; how dare you ; are you (kidding|joking|serious|having a laugh) ; you must be (kidding|joking) ;
        can't believe (how|you|this|that) (\w+ )?(bad|badly|you|this|is|it|terribl\w+|was|happened) ; los(e|
        ing) (my )?patience ; lost (all )?(my )?patience ; beyond (a )?joke ; cheated ; trash ; sucks? ; enraged ;
        fuming ; seething ; absurd ; laughable ; shocking ; atrocious ; abysmal ; dreadful ; hopeless ;
        disrespect\w* ; patience (is|has) (wearing|run|running|worn)
    """,
    "profanity": r"""
        shit\w* ; damn(ed)? ; bloody ; hell ; crap\w* ; f+u+c+k\w* ; f\*+\w* ; wtf ; bullshit ; bs ; arse\w* ; ass ;
        asshole\w* ; screw (you|this) ; piss(ed)?( off)? ; bastards?
    """,
    "problem": r"""
        problems? ; issues? ; errors? ; wrong(ly)? ; broken ; fail(s|ed|ing|ure)? ; defective ; faulty ; missing ;
        delay(s|ed)? ; late ; lost ; stuck ; damaged ; cracked ; overcharg\w* ; charged (twice|double|again) ;
        double charged ; incorrect(ly)? ; crash(es|ed|ing)? ; complain\w* ; refund(ed|s)? ; doesn't work ;
        won't (start|open|load|turn|charge|connect|close) ; can't (log ?in|access|open|use|sign in|connect) ;
        locked out ; leak(s|ing|ed)? ; declined though ; (is|'s|are|went) down ; out of order ; not working ;
        freez(es|ing) ; frozen
    """,
    "waited": r"""
        waiting(?! (room|list|area)) ; waited ; for (ages|hours|days|weeks|months) ; (\d+|two|three|four|five|several|
        many|ten|twenty|thirty|forty) (minutes|hours|days|weeks|months)( ago| now| later)? ; on hold ; no (reply|
        response|answer) ; any (update|news) ; how (much )?long(er)? ; taking (so|too|forever) ; too long ; forever ;
        when (will|can|do|does|am) ; still ; again ; already ; yet ; no update ; meant to (come|arrive|be here) ;
        was due ; overdue ; (it's|it has|has) been (over |more than |almost |nearly |about )?(a|two|three|four|five|
        six|several|\d+) (day|days|week|weeks|month|months|hours)
    """,
    "confused": r"""
        confus\w* ; don't understand ; didn't understand ; do not understand ; what do you mean ; unclear ; huh ;
        sorry\? ; pardon ; makes no sense ; make sense of ; doesn't make sense ; contradict\w* ; i'm lost ;
        which one do you mean
    """,
    "alternative": r"""
        instead ; another ; other ; different ; else ; change ; rather ; alternatives? ; how about ; what about ;
        any others? ; too expensive
    """,
    "decline": r"""
        no thanks ; no thank you ; not really ; don't want ; do not want ; not interested ; never ?mind ; forget it ;
        no ; nope ; i'll pass ; i'd rather not ; no use to me ; (doesn't|does not|don't) help me ; couldn't care less
    """,
    "negation": r"""
        no ; not ; never ; none ; nothing ; nobody ; can't ; cannot ; don't ; doesn't ; didn't ; won't ; isn't ;
        wasn't ; aren't ; haven't ; hasn't ; wouldn't ; couldn't
    """,
    "sarcasm": r"""
        thank(s| you|s a lot| you so much| you very much)? for (nothing|wasting|ruining|ignoring)\w* ; (great|
        wonderful|brilliant|fantastic|lovely|perfect|nice|awesome|excellent|amazing)[,.!]* (yet )?(another|
        one more) (\w+ )?(delay|excuse|problem|error|failure|day|week|wait|bug|template|copy|bot|fee|charge|
        cancellation)\w* ; (great|wonderful|brilliant|fantastic|lovely|perfect|awesome|excellent|well done)[,.!] (it |
        the \w+ |my \w+ |now |so |and |i |nothing |it's )*(was |is |has been |been |'s )?(charged|broken|broke|
        nothing|delayed|lost|crashed|cancelled|wrong|damaged|missing) ; oh,? (great|wonderful|brilliant|fantastic|
        lovely|perfect|joy|good)(?!, (it|that|thank|you|thanks|my|i)) ; just (great|perfect|wonderful|brilliant|
        fantastic|lovely) ; just what i needed ; yeah,? right ; how (wonderful|lovely|nice|convenient|
        surprising)(?=[.,!]| to (get|hear|see|be|read)) ; what a (surprise|joke) ; good luck with that ; (great|nice|
        good) job[,!]* (breaking|losing|ignoring) ; must be a (new )?record ; (i |just )(love|enjoy) (being|waiting|
        spending|paying|having to|when you) (\w+ ){0,2}(on hold|ignored|hold|told|for|ages|hours|to) ;
        keep up the (great|good) work, ; (?<!thanks )(?<!you )so much for (your|the|next|same|customer|quality) ;
        thanks a bunch ; big surprise ; (colou?r|consider) me (surprised|shocked|impressed) ; slow clap ; (great|
        wonderful|brilliant|fantastic|lovely|perfect|awesome|excellent)[,.!] (i'm |we're |it's |you're |and )?still
    """,
    "cancel_question": r"""
        (how|where) (do|can|could|would|should) (i|we) (\w+ ){0,4}(cancel(lation)?|terminate|unsubscribe|
        close my account|delete my) ; how to (cancel|terminate|unsubscribe|close my account|delete my) ; (can|could|
        may) (i|we) (still )?(cancel|terminate|unsubscribe|close my account) ; possible to (cancel|terminate|
        unsubscribe) ; what happens (\w+ ){0,5}if i (cancel|close|leave|terminate) ; cancell?ation (policy|fee|fees|
        terms|period|charge|process) ; to terminate early ; (am i|are we) able to (cancel|terminate|leave)
    """,
    "ultimatum": r"""
        or else(?=[.!]) ; your (last|final) (chance|warning|opportunity) ; final warning ; giving you (one|another|
        two|24|48)( more| last)? (day|days|hours|chance|week) ; happens again,? (and )?(we're|we are|i'm|i am) (done|
        gone|out)
    """,
    "relief": r"""
        phew ; what a relief ; (so |very |really |much )?relieved ; at last(?=[,!.]| it| some| my) ;
        (it's )?finally (here|arrived|working|works|fixed|solved|done|sorted|resolved|got it) ; finally,? (some(one|
        body)|a human|a real|an answer) ; a (huge |big )?weight off ; thank (god|goodness|heavens)
    """,
    "delight": r"""
        made my (day|week) ; over the moon ; (the )?best (customer )?(service|support|help|experience|company|shop|
        purchase|product)(?! available)( \w+){0,3} ever ; best (customer )?(service|support)( team)? ;
        absolutely love (it|this|them|the|your|how) ; i('m| am) in love with ; love my new ; couldn't be (happier|
        more pleased|better) ; (?<!out of )(5|five)[- ]stars(?! (hotel|place|guest)) ; (5|five)[- ]star (service|
        support|treatment|experience) ; you (guys |all )?rock ; you('ve| have)? been (a star|a lifesaver|amazing|
        wonderful|brilliant|great|so helpful) ; you('re| are) (a star|a lifesaver|the best|amazing|wonderful|
        legends?) ; (would |will |'ll )(definitely |certainly |gladly |happily )?recommend (you|this|it) ;
        exceeded (all )?(my|our) expectations ; (wow,? )?that was (so |very |really |super )?(fast|quick|easy) ;
        better than (i )?expected ; more than i expected ; blown away ; thrilled ; absolutely delighted ;
        above and beyond ; (very|so|really) pleased
    """,
    "complaint": r"""
        (make|making|made|file|filing|filed|lodge|lodging|lodged|raise|raising|raised|submit|submitting|register|
        registering|log) (a|an|my|another|this)( (formal|official|written))? (complaint|grievance) ; (formal|official|
        written) complaint ; (wish|want|like|writing|need|have) to complain ; my complaint ; (a|
        this) complaint (about|against|regarding) ; grievance ; (register|express|voice) (my|our) (dissatisfaction|
        displeasure|disappointment) ; i('m| am) complaining ; complaints (department|team|procedure)
    """,
    "unanswered": r"""
        (haven't|have not|hasn't|has not|didn't|did not|never|don't|does not|doesn't) answer(ed)? (me|my|the|what) ;
        not what i asked ; no ?(body|one) (has |is |was )?(answer(ed|s|ing)?|repl(y|ied|ies|ying)|respond(s|ed|ing)?|
        got back|gets back|called back|calls back|picks?|picking)( (up|me|to))? ; (had|have|got|getting|received|
        still|with|and|surprise,) (no|any|zero) (response|reply|answer|feedback)(?! needed) ; no (response|reply|
        answer) (since|yet|so far|from|at all|to my) ; without (a |any )?(response|reply|answer)(?! needed) ;
        is (any ?(one|body)|someone) (there|reading|here) ; any ?(one|body) there ; hello ?\?{2,} ; (did|
        have) you (get|got|receive|received|see|seen) my (message|e-?mail|request|question|last) ;
        heard nothing(?! but) ; (haven't|not|never) heard (back|anything|from you) ; (not|nobody|never|isn't|
        aren't) (answering|replying|responding) (me|to|my) ; ignor(ed|ing|es?) my ; go(es|ne)? unanswered ;
        still (waiting for|no|without) (a |an |any |your )?(answer|reply|response)
    """,
    "effort": r"""
        (spent|spend|wasted|wasting|lost|losing) (\w+ ){0,3}(hours?|days?|weeks?|morning|afternoon|evening|
        time)( \w+)? (on (the phone|hold|this|it)|over this|trying|with your|waiting|explaining|chasing) ;
        passed (from|around|on|between) ; pillar to post ; (round|around) (and round )?in circles ;
        do(ing)? your (job|work) for you ; have to do your (job|work) ; (every(one|body)|each (agent|
        person)) (i (talk|speak|spoke) to|tells me) ; tells me something (different|else) ; jumped through ;
        through every hoop ; take a day off ; took (a|the) (day|morning|afternoon) off ;
        (been )?transferred (\w+ times|twice|again|from|around) ; (why is|why's) (this|it) so (difficult|hard|
        complicated) ; (too much|so much|all this|such a) (hassle|effort|trouble) ; took (me )?(\w+ )?(calls|e-?mails|
        attempts|hours of) ; it took (\w+ )(calls|e-?mails|attempts|visits|tries) ; should(n't| not) (have to|be this|
        be so) ; different answer ; (explain|explained|explaining|repeat|repeated|tell|told) (\w+ ){1,4}to (two|three|
        four|five|six|several|many|\d+)( \w+)? (people|agents|persons|colleagues|departments) ; made (this|it) (any|
        so much|much) harder
    """,
    "deadline": r"""
        (need|needs|needed|must have|want|has to be|must be|required?)( (it|this|that|them|here|done|fixed|delivered|
        an answer|a reply|the \w+|my \w+|to be \w+))? (by|before|until|no later than) (monday|tuesday|wednesday|
        thursday|friday|saturday|sunday|tomorrow|today|tonight|noon|christmas|easter|the (end|weekend)|next|end of) ;
        need (it|this|them|that|an answer|\w+ \w+) (today|tonight|tomorrow|now|urgently|asap|right away|immediately|
        this (morning|afternoon|evening)) ; at the latest ; (very |really |extremely |most )?urgent(ly)? ; asap ;
        as soon as possible ; time[- ]sensitive ; time[- ]critical ; running out of time ; before it's too late ;
        (wedding|funeral|birthday|party|exam|interview|surgery|operation|ceremony|presentation|launch|holiday|
        anniversary|baptism)( is| starts| begins)? (tomorrow|tonight|today|on (monday|tuesday|wednesday|thursday|
        friday|saturday|sunday|the)|this (week|monday|tuesday|wednesday|thursday|friday|saturday|sunday|afternoon|
        evening)|next week|in (\w+ )?(hours?|days?|minutes|week)) ; (flight|trip|event|move|concert|appointment|
        train)( is| leaves| starts| begins| departs) (tomorrow|tonight|today|in \w+ (hours|days|minutes)|at noon) ;
        (we|i) (fly|leave|travel|move|set off|go live|depart|launch)( out| off| away| in)? (on|tomorrow|today|tonight|
        this|next|in) ; (my|our|the) event (starts|is) ; deadline ; due (today|tomorrow|tonight) ; (i|we|flight|plane|
        train) (board|boards|leaves|departs) (in|at) (\w+ )?(minutes|hours?|noon|\d+) ; turns (\w+ )(tomorrow|
        on (monday|tuesday|wednesday|thursday|friday|saturday|sunday))
    """,
    "bereavement": r"""
        (husband|wife|mother|father|mum|mom|dad|son|daughter|brother|sister|partner|grandmother|grandfather|gran|
        grandma|grandpa|nan|aunt|uncle|friend|child|baby|parents?|fianc\w+|client|tenant|owner|
        account holder)( \w+)? (has |have |had |just |recently |sadly |unexpectedly |suddenly )*(passed away|died|
        passed|is dead) ; (he|she) passed away ; passed away (last|on|in|this|recently|suddenly|unexpectedly|two|
        three|a|yesterday) ; (my|our|his|her|the) (late|deceased) (husband|wife|mother|father|mum|mom|dad|son|
        daughter|brother|sister|partner|grandmother|grandfather|aunt|uncle|parents?|customer|friend) ; (lost|losing|
        loss of) (my|our) (son|daughter|husband|wife|mother|father|mum|mom|dad|brother|sister|partner|baby|
        child)(?!'s) ; (register|report|registering|reporting|notify you of) (a|the|his|her) death ;
        death (certificate|of my|in the family) ; (the|her|his) funeral (is|was|will|on|tomorrow|at|next|this) ; (go|
        going|travel\w*) to (a|the|her|his) funeral ; bereave\w* ; (in a )?hospice ; terminally ill ; deceased ;
        executor ; probate ; the estate of ; no longer with us ; (isn't|is not) with us any ?more ; buried (my|our)
    """,
    "safety": r"""
        (caught|catch|catches|on|set)( \w+)? fire ; burst into flames ; (electric|electrical) shock ; electrocut\w+ ;
        smoke (coming|came|pouring|from|out of) ; (smoking|sparks?|sparking) (from|out of|coming|when|at the) ; (cut|
        burn(t|ed)?|injured|hurt|broke|scalded|crushed|sliced) (my|his|her|our|
        their)( \w+)?( son| daughter| child)? ?(hand|hands|finger|fingers|face|arm|leg|foot|skin|eye|eyes|head|back|
        tongue|wrist|ankle|knee|neck|son|daughter|child) ; (was|got|been|were) (badly |seriously |slightly )?(injured|
        hurt|burn(t|ed)|scalded|poisoned) ; (?<!insult to )injur(y|ies) ; (to|in|at|from) (the )?(hospital|
        emergency room|casualty) ; (severe |bad )?allergic reaction ; (is|am|are|was|severely) allergic ;
        anaphyla\w+ ; smell(s|ed|ing)? (of )?(gas|burning|smoke) ; gas leak ; carbon monoxide ; (the |
        my )?(car )?brakes? (have |has )?(failed|fail|don't work|stopped) ; food poisoning ; (made|makes|making) (me|
        us|him|her|my \w+) (very |really )?(ill|sick) ; (nearly |almost )?explode[sd]? ; exploding ; explosion ;
        wheel (came|fell) off ; chok(ed|ing) (on|hazard) ; overheat(s|ed|ing)? ; melted ; (glass|metal|plastic|mould|
        mold) in (my|the|his|her) (food|drink|meal|soup|bread|salad) ; ambulance ; fractured (my|his|her|a|the) ;
        swallow(ed|s) (a|the|one|it|some) ; too hot to (touch|hold) ; (got|gets|getting) so hot ; scorch(ed|ing) ;
        piece of (metal|glass|plastic|wire) in
    """,
    "self_harm": r"""
        (don't|do not) want to (live|be alive|be here|wake up)( any ?more| anymore)? ; end it all ; end my life ;
        (kill|killing|hurt|hurting|harm|harming|cut|cutting) myself(?! (on|with|when|while|on the|by)) ; suicidal ;
        commit suicide ; suicide (attempt|note|hotline|hot line) ; (no|any) (point|reason) (in|to) (living|live|life|
        going on|go on) ; take my own life ; (can't|cannot) (go on|live like this|take it any ?more) ;
        better off dead ; self[- ]harm\w* ; want to die ; wish i (was|were) dead ; (never|not|
        don't want to) wake up again ; why i should wake up
    """,
    "refund": r"""
        (want|need|demand|expect|request(ing)?|like|claim|get|getting|give me|owed|due|deserve|
        require)( \w+){0,2} (a |my |the |our )?(full |complete |partial |immediate )?(refunds?|reimbursement) ; (want|
        need|demand|give me|get|like|have|return)( all)? (my|our|the|his|her)( \d+)?( \w+)? (money|money's|euros|
        dollars|pounds|payment|deposit) back ; money back(?! guarantee) ; refund me ; refund (my|the|our|it|this) ;
        (be |get |to be )(refunded|reimbursed|compensated) ; reimburse me ; (demand|want|expect|deserve|claim|
        request(ing)?|like|some|any|for) (some |full )?compensation ; compensate (me|us) ; where('s| is) my (refund|
        money) ; (when|will) (\w+ ){0,3}my refund ; my refund(?! (came|arrived|went|is here|has (arrived|come))) ;
        make (this|it|things) right ; (you|to) refund me ; (full|partial) refund ; (return|credit) the (amount|money|
        payment|sum) to (my|our)
    """,
    "expected_more": r"""
        expected (a lot |much |so much |far )?(more|better)(?! time) ; (would|had|'d) (have )?(expected|
        hoped)( for)?( at least| more| better| a) ; (a (little|bit)|somewhat|slightly|rather|quite) (disappoint\w+|
        let down|underwhelm\w+|dissatisf\w+|unhappy|surprised) ; (thought|hoped) you (would|could|might) (do|
        be) better ; (it's|it is|such|what|that's) a (pity|shame|letdown) ; not (quite |exactly |
        really )?what i (was |had )?(hoping|hoped|expect\w*|imagined|had in mind|paid for) ; not what i'd call ;
        isn't (quite |exactly |really )?what i (was |had )?(hoping|hoped|expect\w*|imagined) ; (smaller|larger|darker|
        thinner|older|cheaper|worse|slower|less) (\w+ )?than (advertised|expected|described|promised|i (expected|
        hoped|thought)|(in|on) the (picture|photo|ad|website|description|catalog|brochure)\w*) ; (not|
        n't) match the (description|picture|photo|photos|pictures) ; not (as|like) (described|advertised|pictured|
        promised|in the) ; underwhelm\w* ; (could|should) have been (better|easier|faster|nicer|quicker|handled) ;
        used to (be better|love|be good|be great|trust|recommend) ; (not|n't) up to (your|the|my|standard) ; let (me|
        us) down ; leaves (a lot|much|something) to be desired ; mediocre ; subpar ; below (expectations|par|
        standard) ; for (that|this|the) price ; (look|looks|looked) nothing like the (photo|photos|picture|pictures|
        description)
    """,
    "indirect": r"""
        (wasn't|was not|weren't|were not|never been|never) (told|informed|warned|asked|notified|contacted|consulted) ;
        (no ?body|no one) (told|informed|warned|mentioned|said|asked|called|bothered|thought) ; without (telling|
        informing|asking|warning|any notice|notice|warning) ; (i|we) (was|were|been) promised ; you(r \w+)? (promised|
        assured) ; you told me( \w+){1,3} (would|will|was) ; had to find out ; under the impression ;
        is this how (you|your) ; is that how (you|your) ; so that's (it|that) ; (no|what) choice ;
        (at a )?loss for words ; speechless ; perhaps (one day|someone) ; should(n't| not) have to ; i paid (for|
        extra) ; supposed to (sit|wait|do|pay|live|work|manage|cook|sleep|believe) ; (what|
        why) (exactly )?am i paying ; customer (for|of|since) (\w+ )?(years?|months|decades?|\d{4}|\w+ years) ; (do|
        would) you (really |honestly )?(think|call|consider) (that|this|it)( is)? (acceptable|ok|okay|fair|normal|
        service|right) ; i (guess|suppose) i('ll| will| must)( just)? (have to )?(order|buy|look|go|shop|wait|
        live with|give up|do it|never|try (someone|another|elsewhere)) ; i see how it is ; good to know that ;
        don't know what else to (do|try|say) ; how hard (can|could) (it|this) be
    """,
}
