"""The price of a token at or above a line."""

from functools import partial

from bot.policy.alerts.kind import AlertKind
from bot.policy.alerts.kinds._meters import PRICE
from bot.policy.alerts.kinds._price import (
    ABOVE,
    check_price,
    describe_price,
    read_price,
    watch_price,
)
from bot.policy.alerts.kinds._reading import usd

ALERT = AlertKind(
    name="price_above",
    conditions=(ABOVE,),
    title="Price above",
    example="SEI above 0.25",
    order=110,
    parse=partial(read_price, kind=ABOVE),
    check=check_price,
    describe=describe_price,
    figure=usd,
    watch=watch_price,
    meters=(PRICE,),
)
