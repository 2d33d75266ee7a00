"""The words of the phrase parser by classes: what stands for what, and what has no weight.

A class is a pattern without repetition (see `template_syntax`). One whose name ends in `?` is the same class,
said loosely: what is understood with its help is asked. Words of no class stand for themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CONTRACTIONS: Final[Mapping[str, str]] = {
    **{"won't": "will not", "can't": "can not", "let's": "let us", "today's": "today", "n't": " not"},
    **{"'re": " are", "'m": " am", "'d": " would", "'ve": " have", "'ll": " will", "'s": " is"},
}
UNMARKED: Final[Mapping[str, str]] = {
    **{"im": "i am", "id": "i would", "ive": "i have", "lets": "let us", "dont": "do not", "cant": "can not"},
    **{"whats": "what is", "thats": "that is", "hows": "how is", "its": "it is", "youre": "you are"},
    **{
        "wed": "we would",
        "cannot": "can not",
        "pls": "please",
        "plz": "please",
        "u": "you",
        "ya": "you",
        "thx": "thanks",
        "wont": "will not",
        "todays": "today",
    },
}
"""Contractions that have lost their apostrophe."""

_ASIDES: Final = (
    "kindly | just | me | us | only | [ right | for ] now | ( right | straight ) away | at once "
    "| immediately | quick | quickly | again | back | at the moment | for ( the moment | me | us ) | hey "
    "| hi | hello | good ( morning | evening | afternoon ) | okay | ok | oh | well | so | right | alright "
    "| all right | um | uh | listen | excuse me | sorry | actually | altogether | completely | as well "
    "| thanks [ a lot | so much ] | [ many ] thanks | thank you [ very much | so much ] | cheers | ta "
    "| dear | love | mate | darling | honey | buddy | my friend | hon | sweetie | for ( goodness | heavens "
    ") sake | ugh | brr | brrr | phew | real quick | nice | lovely | i ( think | guess ) | if possible "
    "| as soon as ( you can | possible ) | if you ( do not | would not ) mind | if you ( can | could "
    "| would | please | will ) | if that is ( okay | all right | alright | possible | not too much trouble "
    ")"
)
_REQUESTS: Final = (
    "( could | can | would | will ) you [ possibly | maybe ] | do you think you could | ( i | we ) ( want "
    "| need | would ( like | love | prefer ) ) you to | be ( so kind as to | so kind and | a dear and "
    "| an angel and | kind enough to ) | go ahead and | do ( me | us ) a favour [ and ] | go and | let us "
    "| ( can | could | will | would ) ( somebody | someone | anyone | anybody )"
)
CLASSES: Final[Mapping[str, str]] = {
    "and": "and [ then | also | after that ] | then | also | after that | plus | as well as | together with",
    "": f"a | an | this | that | these | those | {_ASIDES} | {_REQUESTS}",
    "?": (
        "( can | could | shall | should ) ( i | we ) | [ it is ] time to | i ( wonder | was wondering ) "
        "if you could | ( is it | would it be ) ( possible | okay | ok | all right ) ( to | if you "
        "[ could ] ) | [ is there ] any chance you could | for a ( moment | bit | while ) | when you ( can "
        "| get a chance | have a moment ) | ( maybe | perhaps ) you could | you ( can | may | could "
        "| should ) | if you ( like | would like | want ) | ( we | you ) had better"
    ),
    "@wish": (
        "[ pretty ] please | wanna [ have ] | gimme | ( i | we ) ( want | need | would ( like | love "
        "| prefer ) ) [ to have | to see ] | give ( me | us ) | let ( us | me ) have | ( can | could | may "
        "| might ) ( i | we ) ( have | get ) | ( i | we ) could ( do with | use ) | ( i | we ) would ( be "
        "( grateful | glad | happy | pleased ) | appreciate it ) if you [ could | would ]"
    ),
    "@wish?": (
        "[ it is ] time for | how about | ( i | we ) ( fancy | would not mind ) | [ is there ] any chance "
        "of | it would be ( nice | good | great | lovely ) ( to have | if you could | if we had )"
    ),
    "@mind": "[ ( would | do | could ) you ] mind",
    "@leaving": "leaving",
    "@be": "[ to ] be",
    "@be?": "( should | must | can | could | may | needs to | has to | ought to ) [ be ]",
    "@done": "turned | switched | powered | dimmed | goes | fired",
    "@ensure": "make sure | ensure | be sure | see to it",
    # Reasons.
    "@it_is": "it is [ so ] | it has got",
    "@it_gets": "it ( feels | gets | is getting ) [ so ]",
    "@i_am": (
        "( i | we ) ( am | are | feel ) [ feeling | getting | so ] | ( hands | feet | fingers | toes ) are"
    ),
    "@too": "[ far | way | much ] too",
    "@very": "very | quite | rather | really | pretty",
    "@dark": "dark | gloomy | murky",
    "@cold": "cold | chilly | freezing | frozen | shivering",
    "@hot": "hot | boiling | stuffy | warm | sweltering | muggy | sweating | roasting | melting",
    "@bright": "bright | glaring",
    "@loud": "loud | noisy",
    "@unlit": (
        "( i | we ) can ( not | hardly | barely ) see ( a thing | anything | much | in here ) | [ there "
        "is ] ( not enough | too little ) light"
    ),
    "@because": "[ it is ] ( bedtime | time for bed | time to ( sleep | go ) )",
    "@other": "tired | sleepy | draughty | late | home | going out | ( going | off ) to bed",
    "@place": "in ( here | this room | room | house ) | here | of ( room | this room )",
    # Orders.
    "@move": (
        "do ( turn | switch | put ) | turn | switch | put | get | set | have | make | let | pop | flick "
        "| click | pull | stick | change | turning | switching | putting | getting | setting | having "
        "| making | let"
    ),
    "@move?": "give | take | bring | kick | throw | ( somebody | someone ) ( turn | switch )",
    "@start": (
        "start [ up ] | activate | enable | ( fire | firing ) up | ( power | powering | light ) up "
        "| engage | starting"
    ),
    "@start?": "hit | launch | spin up | boot up | wake [ up ] | illuminate",
    "@go": "going | running | started | working | spinning | blowing",
    "@stop": (
        "stop | kill | halt | cut [ off ] | extinguish | deactivate | disable | cease | ( shut | shutting "
        "| power ) down | put out | stopping | killing | cutting"
    ),
    "@stop?": (
        "lose | ditch | disconnect | end | quit | get rid of | lights out for | no more | [ ( i | we ) "
        "( am | are ) ] ( done | finished ) with | ( i | we ) have had enough of | that will do with | ( i "
        "| we ) can do without"
    ),
    "@needless": "( i | we ) ( do | will ) not ( need | want ) | no need for | is not needed",
    "@longer": "any longer | any more | anymore",
    "@unneeded": "( i | we ) no longer need | [ is | are ] no longer needed",
    "@flip": "toggle | flip",
    "@raise": "raise | increase | boost | bump | brighten [ up ] | speed up",
    "@reduce": "lower | reduce | decrease | soften | dim | slow",
    "@scale": "adjust | pump | crank | dial | tone | calm",
    "@quantity": "brightness | speed | heat | level | intensity",
    "@brighter": (
        "brighter | lighter | stronger | faster | quicker | warmer | hotter | higher | harder | more "
        "( bright | strong | fast | warm | hot )"
    ),
    "@dimmer": (
        "dimmer | darker | weaker | slower | gentler | cooler | ( less | not so | not as ) ( bright "
        "| strong | fast | warm | hot )"
    ),
    "@lacking": "not ( bright | strong | fast | warm | hot | loud ) enough",
    "@feeble": "faint | weak",
    "@strong": "strong | fast",
    "@paint": "paint | use | colour | color | dye | tint",
    "@softer": "softer",
    "by": "by | another | a further",
    "@about": "about | roughly | approximately",
    "@blink": "blink | flash | flicker | wink | blinking | flashing",
    "@blinks": "blinks | flashes",
    # Questions.
    "@tell": (
        "tell ( me | us ) | let ( me | us ) know | do ( you | we ) ( know | have ) | [ have we | have you "
        "] got | have you got | show me | say | read [ out ] | do you happen to know | ( i | we ) ( want "
        "| need | would like ) to know | ( may | can | could ) ( i | we ) know"
    ),
    "@ask": (
        "check [ on | for ] | [ have a ] ( look | peek ) [ at ] | [ do you | can you ] ( see | detect ) "
        "| how much | find out | measure | what about | how is | what is | what is up with | how ( bright "
        "| fast | strong | wet | dry | damp | full | big | much | high ) is | what ( percentage | level ) "
        "is | [ what is ] ( state | status ) [ of ] | ( what | which ) colour ( is | does )"
    ),
    "@did": (
        "did ( i | we ) ( forget | remember ) to ( close | shut | turn | switch ) | ( did | have | has ) "
        "( i | we | you | somebody | someone | anybody | anyone ) ( leave | left | turn | turned | switch "
        "| switched | put | close | closed | open | opened | shut )"
    ),
    "@lit": "burning | burn | heating | shining | lit | glowing | active",
    "@when": "when ( is | does | do ) | how long until",
    "@later": "from now on",
    "@left": (
        "( i | we | you | somebody | someone | anybody | anyone ) ( left | closed | shut | locked | opened )"
    ),
    "@open": "closed | locked | ajar | wet | dry | damp | full | empty",
    "@sensor": "sensor | reading | value",
    "@volume": "volume | loudness | yourself | [ your ] voice | sound",
    "@that_is": "that is",
    "@you_are": "you are",
    "@speak": "speak | talk | say it",
    "@louder": "louder | speak up | [ i | we ] can ( hardly | not | barely ) hear you",
    "@quieter": "quieter | more quietly | ( not so | less ) loud | lower your voice",
    "@time": "time | hour | how late is it",
    "@date": (
        "date | day | weekday | month | year | what is today | monday | tuesday | wednesday | thursday "
        "| friday | saturday | sunday"
    ),
}

VALUES: Final[Mapping[tuple[str, int], str]] = {
    ("@seconds", 1): "a second",
    ("@seconds", 30): "half a minute",
    ("@seconds", 60): "( a | one ) minute",
    ("@part", 25): "a quarter",
    ("@part", 50): "half [ way ] | halfway",
    ("@part", 75): "three quarters",
    ("@percent?", 0): "all way down | minimum | lowest [ setting ]",
    ("@percent", 100): (
        "full [ power | speed | blast | strength ] | flat out | all way up | maximum | max [ out ] "
        "| ( top | maximum | max ) ( speed | power | heat | brightness ) | highest [ setting ] | brightest "
        "| fastest | as ( fast | bright | high | hot | loud ) as ( it goes | it can | possible | you can "
        "| it will go )"
    ),
    ("@times", 1): "once | one time",
    ("@times", 2): "twice | a couple of times",
    ("@times", 3): "thrice",
    ("@times?", 3): "a few times",
    (
        "@bit",
        10,
    ): "a ( [ wee ] bit | touch | tiny bit ) | ( a | one ) ( notch | step ) | a little [ bit ] | slightly",
    ("@much", 40): "much | a lot | far | a good deal",
}
