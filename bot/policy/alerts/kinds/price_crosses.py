"""The price of a token reaches a line from either side."""

from functools import partial

from bot.policy.alerts.kind import AlertKind
from bot.policy.alerts.kinds._meters import PRICE
from bot.policy.alerts.kinds._price import (
    CROSSING,
    check_price,
    describe_price,
    read_price,
    watch_price,
)
from bot.policy.alerts.kinds._reading import usd

ALERT = AlertKind(
    name="price_crosses",
    conditions=(CROSSING,),
    title="Price crosses",
    example="SEI crosses 0.25",
    order=112,
    parse=partial(read_price, kind=CROSSING),
    check=check_price,
    describe=describe_price,
    figure=usd,
    watch=watch_price,
    meters=(PRICE,),
)
