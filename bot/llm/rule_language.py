"""Reading a question without a model: is it ours, which tokens, is it a follow-up."""

import re
from collections.abc import Sequence

from bot.domain.analysis import Extraction, GuardVerdict, Turn
from bot.domain.symbols import mentions, resolve, split_words
from bot.llm.outputs import MAX_SYMBOLS
from bot.llm.scrub import visible

NOT_OURS = (
    "I can only help with tokens, markets and trades on Sei. "
    "Ask me, for example: should I buy SEI now?"
)
NOT_ALLOWED = (
    "I cannot change my rules or share my inner workings, but I am glad to look at a token."
)
NO_SECRETS = "I never ask for or hand out private keys or recovery phrases. Ask me about a token."

_INJECTION = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\s+(?:\w+\s+){0,2}"
    r"(?:your|previous|prior|above|system|safety)\s+(?:\w+\s+){0,2}"
    r"(?:instructions?|rules?|prompts?|guidelines|limits)\b"
    r"|\b(?:ignore|disregard|forget)\s+(?:(?:all|any|the)\s+)*(?:instructions|prompts?|guidelines)\b"
    r"|\b(?:system|hidden|initial) (?:prompt|instructions)\b|\bjailbreak|\bdeveloper mode\b"
    r"|\byou are (?:now|no longer)\b|\bpretend (?:to be|you)\b|\bdan mode\b",
    re.IGNORECASE,
)
_SECRETS = re.compile(
    r"\b(?:give|show|tell|send|reveal|print|export)\b.{0,40}"
    r"\b(?:private keys?|seed phrases?|recovery phrases?|mnemonics?|api keys?)\b",
    re.IGNORECASE | re.DOTALL,
)
_ELSEWHERE = re.compile(
    r"\b(?:recipes?|poems?|haikus?|lyrics|jokes?|essays?|homework|horoscopes?|weather|football"
    r"|soccer|movies?|dating|girlfriend|boyfriend|diagnos\w+|translate|capital of|pancakes?"
    r"|(?:write|fix|debug) (?:me )?(?:a |some |my )?(?:python|javascript|code|program|script)s?)\b",
    re.IGNORECASE,
)
_TRADING = re.compile(
    r"\b(?:tokens?|coins?|crypto\w*|markets?|prices?|trad\w+|buy\w*|sell\w*|sold|bought|hold\w*"
    r"|portfolio|balances?|swaps?|charts?|invest\w*|profits?|loss\w*|risks?|deposits?|withdraw\w*"
    r"|wallets?|bulls?|bullish|bears?|bearish|pump\w*|dump\w*|stablecoins?|usd|defi|sei)\b",
    re.IGNORECASE,
)

_GENERAL = re.compile(
    r"\b(?:markets?|overall|in general|which (?:token|coin|one)s?|what (?:should|can|could) i"
    r"|anything|something|everything|portfolio|opportunit\w+|best|top|news)\b",
    re.IGNORECASE,
)
_FOLLOW_UP = re.compile(
    r"\b(?:it|its|that|this|them|they|one|both|and|why|now|still|again|more|then|buy|sell|hold"
    r"|wait|how (?:much|about)|what about|stop|target|entry|risk\w*|later|instead)\b",
    re.IGNORECASE,
)
_FOLLOW_UP_WORDS = 12

_NO_TICKERS = frozenset(
    re.findall(
        r"\w+",
        """
        A I AI AN AND API APR APY AM ARE ASAP AT ATH ATL ATR BE BEAR BOT BUY BULL BTW BY
        CAN CEO CEX CPI CSV DAO DCA DEFI DEX DO DYOR EMA ETF EU EUR EVM FAQ FED FOMC
        FOMO FOR FUD GAS GBP GDP GM HELP HI HODL HOLD HOW HELLO IF IMO IN IRA IS IT IPO
        KYC LFG LONG LP MACD MAX ME MIN MY NFA NFT NO NOT NOW OF OK ON OR OTC PLS PM PNL
        PR QR ROI RSI RWA SAFE SELL SEC SHORT SHOULD SL SMA SO STOP TA THE TLDR TO TP
        TVL UI UK UP US USA USD UTC VAR VWAP WAGMI WHAT WHEN WHY WILL WTF YES YOLO YOU
        """,
    )
)
_STRANGERS = {
    "dogecoin": "DOGE", "doge": "DOGE", "shiba": "SHIB", "shib": "SHIB", "pepe": "PEPE",
    "bonk": "BONK", "solana": "SOL", "cardano": "ADA", "xrp": "XRP", "ripple": "XRP", "bnb": "BNB",
    "avax": "AVAX", "avalanche": "AVAX", "polkadot": "DOT", "litecoin": "LTC", "ltc": "LTC",
    "tron": "TRX", "trx": "TRX", "monero": "XMR", "xmr": "XMR", "aptos": "APT", "arbitrum": "ARB",
    "hyperliquid": "HYPE", "toncoin": "TON", "chainlink": "LINK", "uniswap": "UNI", "aave": "AAVE",
    "polygon": "POL", "matic": "MATIC", "stellar": "XLM", "sui": "SUI", "zcash": "ZEC",
}  # fmt: skip
_TICKER = re.compile(r"[A-Z][A-Z0-9]{1,9}")
_DOLLAR_TICKER = re.compile(r"\$[A-Za-z][A-Za-z0-9]{0,9}")


def judge(question: str) -> GuardVerdict:
    """Let pass whatever may be about trading; refuse manipulation and plainly other things."""
    text = visible(question)
    if _INJECTION.search(text):
        return GuardVerdict(allowed=False, reason=NOT_ALLOWED)
    if _SECRETS.search(text):
        return GuardVerdict(allowed=False, reason=NO_SECRETS)
    if _ELSEWHERE.search(text) and not _TRADING.search(text):
        return GuardVerdict(allowed=False, reason=NOT_OURS)
    return GuardVerdict(allowed=True)


def find_symbols(question: str, turns: Sequence[Turn], listed: Sequence[str]) -> Extraction:
    """Tokens a question names; for a follow-up, those of the latest turn that named any."""
    named = mentions(question, listed)
    unknown = _unknown(question, listed)
    if not named and not unknown and is_follow_up(question):
        named = _carried_over(turns, listed)
    return Extraction(named[:MAX_SYMBOLS], unknown[:MAX_SYMBOLS])


def is_follow_up(question: str) -> bool:
    """Whether a question that names no token goes on about the last one."""
    words = split_words(question)
    short = len(words) <= _FOLLOW_UP_WORDS
    return short and bool(_FOLLOW_UP.search(question)) and not _GENERAL.search(question)


def _carried_over(turns: Sequence[Turn], listed: Sequence[str]) -> tuple[str, ...]:
    for turn in reversed(turns):
        if named := mentions(turn.question, listed) or mentions(turn.answer, listed)[:1]:
            return named
    return ()


def _unknown(question: str, listed: Sequence[str]) -> tuple[str, ...]:
    words = split_words(question)
    shouting = sum(word.isupper() for word in words) > max(2, len(words) // 2)
    found: dict[str, None] = {}
    for word in words:
        ticker = _stranger(word, shouting=shouting)
        if ticker and resolve(ticker, listed) is None and resolve(word, listed) is None:
            found[ticker] = None
    return tuple(found)


def _stranger(word: str, *, shouting: bool) -> str | None:
    if _DOLLAR_TICKER.fullmatch(word):
        return word[1:].upper()
    if known := _STRANGERS.get(word.lower()):
        return known
    if not shouting and _TICKER.fullmatch(word) and word not in _NO_TICKERS:
        return word
    return None
