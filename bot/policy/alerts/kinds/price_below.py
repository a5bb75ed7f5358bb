"""The price of a token at or below a line."""

from functools import partial

from bot.policy.alerts.kind import AlertKind
from bot.policy.alerts.kinds._meters import PRICE
from bot.policy.alerts.kinds._price import (
    BELOW,
    check_price,
    describe_price,
    read_price,
    watch_price,
)
from bot.policy.alerts.kinds._reading import usd

ALERT = AlertKind(
    name="price_below",
    conditions=(BELOW,),
    title="Price below",
    example="SEI below 0.25",
    order=111,
    parse=partial(read_price, kind=BELOW),
    check=check_price,
    describe=describe_price,
    figure=usd,
    watch=watch_price,
    meters=(PRICE,),
)
