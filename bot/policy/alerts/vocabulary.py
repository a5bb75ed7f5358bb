"""The words of sentences about alerts. Forms are spelt out: no stemming, no surprise. Pure."""

from collections.abc import Iterable


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _verbs(text: str) -> Iterable[str]:
    """`drop/dropped/dropping` with its plain `s`; single words as they are."""
    for verb in text.split():
        forms = verb.split("/")
        yield from forms
        if len(forms) > 1:
            yield f"{forms[0]}s"


ABOVE = _words("above over exceeds exceed exceeding exceeded tops beyond upwards upward")
"""The figure is higher than the line."""

BELOW = _words("below under beneath underneath undercuts downwards downward")

MORE = _words("more higher greater least")
"""Says `above` where nothing else says which way; in `drops more than 5%` it does not."""

LESS = _words("less lower fewer most")

RISES = frozenset(
    _verbs(
        "rise/rose/risen/rising gain/gained/gaining climb/climbed/climbing pump/pumped/pumping up"
        " jump/jumped/jumping increase/increased/increasing grow/grew/grown/growing"
        " soar/soared/soaring spike/spiked/spiking surge/surged/surging moon/mooned/mooning"
        " rally/rallied/rallying rallies plus appreciate/appreciated explode/exploded/exploding"
        " rocket/rocketed/rocketing recover/recovered/recovering"
    )
)
"""It moves up."""

FALLS = frozenset(
    _verbs(
        "fall/fell/fallen/falling drop/dropped/dropping lose/lost/losing dip/dipped/dipping"
        " sink/sank/sunk/sinking crash/crashed/crashing crashes dump/dumped/dumping"
        " tank/tanked/tanking down plunge/plunged/plunging decline/declined/declining"
        " decrease/decreased/decreasing slip/slipped/slipping slump/slumped/slumping"
        " tumble/tumbled/tumbling collapse/collapsed/collapsing plummet/plummeted/plummeting"
        " minus correct/corrected/correcting slide/slid/sliding"
    )
)

CROSSES = frozenset(
    _verbs(
        "cross/crossed/crossing crosses pass/passed/passing passes hit/hitting"
        " reach/reached/reaching reaches touch/touched/touching touches break/broke/broken/breaking"
        " equal/equals"
    )
)
"""It gets to the line, from whichever side."""

MOVES = frozenset(_verbs("move/moved/moving change/changed/changing swing/swung/swinging"))
"""It moves, and nobody says which way."""

HIGH = _words("high highs highest maximum peak")
LOW = _words("low lows lowest minimum bottom")
EVER = _words("ath atl ever alltime")
VOLUME = _words("volume volumes turnover")
RSI = _words("rsi overbought oversold")
AVERAGE = _words("ma mas sma smas ema emas average averages golden death bullish bearish")
PORTFOLIO = _words("portfolio holdings")
BALANCE = _words("balance balances")
DEPOSIT = frozenset(
    _verbs("deposit/deposited/depositing receive/received/receiving arrive/arrived/arriving")
) | _words("incoming inflow")
GAS = _words("gas gwei nsei")
DIGEST = _words("digest digests summary summaries report reports briefing recap overview news")
DAILY = _words("daily day morning mornings evening evenings night midday noon midnight")
WEEKLY = _words("weekly week weeks")
WORKDAY = _words("weekday weekdays workday workdays")

MARKS = (
    ABOVE | BELOW | RISES | FALLS | CROSSES | MOVES | HIGH | LOW | EVER | VOLUME | RSI | AVERAGE
    | PORTFOLIO | BALANCE | DEPOSIT | GAS
)  # fmt: skip
"""Each of these says that a figure is watched, so that `daily` alone makes no digest."""

_FILLING = _words(
    """
    a about account actual actually after again agent agents alarm alert alerts all already also
    always am amount an and any anyone anything are as asap at b back be become becomes been
    being between big billion bitcoins bn bot but by can candle candles cent cents chart circle
    close closes coin coins cost costs could crypto current currently days did do does dollar
    dollars double doubled doubles doubling each either escrow ether even event every exactly
    fast fee fees figure finally first for form frax from get gets getting give given go goes
    going gone got great halve halved halves happen happens hard has have having hello hey hi
    hour hourly hours how i i'd i'm if immediately in index inside into is it it's its itself
    just k know large larger last leave left let let's level levels like line m made make makes
    making many mark market max me mean mentions message million min minute minutes mio mn
    moment month months much my name need net network never new nice no normal not notice
    notification notify now o'clock oclock of off ok okay on once one only onto open or our out
    past per percent percentage percents ping please pls pm point points price prices put quick
    quickly rate reading really relative remind reminder ring said say see send set shall should
    show silo simple since small smaller so some someone something soon spot stable staked start
    starts stays still strength such suddenly tell text than thank thanks that the their them
    then there there's these they thing this thousand threshold through till time times to today
    token tokens tomorrow too total trade traded trades trading trigger triple tripled triples
    turn turns two unit units until us usd usual usually utc value valued values versus very
    volatility vs wake want wants warn was watch way we weekday well were what when whenever
    where which while who whole will with within worth would wrapped x year years yes yet you
    your
    again anytime area barrier because bro btw buddy came ceiling cheers come
    comes coming cool cts ct cuz desk dude eventually eye floor forget grand head heading heads
    keep kindly later lol man mate maybe message overall period periods pushes push region
    resistance retrace retraces same settle settles sir somewhere support thx tick ticks ty
    zone
    """
)
"""Words that stand in sentences about alerts and name no token."""

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY_FORMS = {
    "mon": 0, "tue": 1, "tues": 1, "wed": 2, "thu": 3, "thur": 3, "thurs": 3, "fri": 4,
    "sat": 5, "sun": 6,
}  # fmt: skip


def weekday_of(word: str) -> int | None:
    """`monday`, `mondays` and `mon` are 0; None for another word."""
    for number, name in enumerate(WEEKDAYS):
        if word in {name, f"{name}s"}:
            return number
    return _DAY_FORMS.get(word)


def is_known(word: str) -> bool:
    """Whether a word, in lower case, means or fills something here, so that it names no token."""
    known = word in MARKS or word in _FILLING or word in _OTHERS
    return known or weekday_of(word) is not None


_OTHERS = MORE | LESS | DIGEST | DAILY | WEEKLY | WORKDAY
