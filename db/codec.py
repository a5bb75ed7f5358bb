"""Domain values as JSON and back, losing nothing: integers and decimals travel as text."""

from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter

from bot.domain.analysis import TradeDecision
from bot.domain.mandate import Mandate
from bot.domain.money import Amount, Bps, Token, Wei
from bot.domain.trade import Order, Receipt, SignedTx, TxHash

Json = dict[str, Any]

_DECISION = TypeAdapter(TradeDecision)
_MANDATE = TypeAdapter(Mandate)


def dump_amount(amount: Amount) -> Json:
    """Base units with the whole token, so that an old row never depends on today's listing."""
    token = amount.token
    return {
        "token": {
            "symbol": token.symbol,
            "address": token.address,
            "decimals": token.decimals,
            "coin_id": token.coin_id,
            "is_wrapped_native": token.is_wrapped_native,
        },
        "raw": str(amount.raw),
    }


def load_amount(body: Json) -> Amount:
    """Undo `dump_amount`."""
    return Amount(Token(**body["token"]), int(body["raw"]))


def dump_order(order: Order) -> Json:
    """An order."""
    return {
        "sell": dump_amount(order.sell),
        "expected_buy": order.expected_buy and dump_amount(order.expected_buy),
        "min_buy": order.min_buy and dump_amount(order.min_buy),
        "venue": order.venue,
        "adapter": order.adapter,
        "path": list(order.path),
        "data": order.data.hex(),
        "price_impact": order.price_impact,
        "fee": order.fee,
        "native_usd": str(order.native_usd),
        "buy_price_usd": str(order.buy_price_usd),
        "mandate": order.mandate and dump_mandate(order.mandate),
        "signature": order.signature.hex(),
        "nonce": order.nonce,
    }


def load_order(body: Json) -> Order:
    """Undo `dump_order`."""
    return Order(
        sell=load_amount(body["sell"]),
        expected_buy=body["expected_buy"] and load_amount(body["expected_buy"]),
        min_buy=body["min_buy"] and load_amount(body["min_buy"]),
        venue=body["venue"],
        adapter=body["adapter"],
        path=tuple(body["path"]),
        data=bytes.fromhex(body["data"]),
        price_impact=Bps(body["price_impact"]),
        fee=Bps(body["fee"]),
        native_usd=Decimal(body["native_usd"]),
        buy_price_usd=Decimal(body["buy_price_usd"]),
        mandate=load_mandate(body["mandate"]) if body.get("mandate") else None,
        signature=bytes.fromhex(body.get("signature", "")),
        nonce=body.get("nonce", 0),
    )


def dump_mandate(mandate: Mandate) -> Json:
    """A mandate."""
    body: Json = _MANDATE.dump_python(mandate, mode="json")
    return body


def load_mandate(body: Json) -> Mandate:
    """Undo `dump_mandate`."""
    return _MANDATE.validate_python(body)


def dump_signed(signed: SignedTx) -> Json:
    """A signed transaction: enough to send it again, never a key."""
    return {
        "account": signed.account,
        "nonce": signed.nonce,
        "tx_hash": signed.tx_hash,
        "raw": signed.raw.hex(),
    }


def load_signed(body: Json) -> SignedTx:
    """Undo `dump_signed`."""
    return SignedTx(
        body["account"], body["nonce"], TxHash(body["tx_hash"]), bytes.fromhex(body["raw"])
    )


def dump_receipt(receipt: Receipt) -> Json:
    """A receipt."""
    return {
        "tx_hash": receipt.tx_hash,
        "block": receipt.block,
        "succeeded": receipt.succeeded,
        "gas_used": receipt.gas_used,
        "gas_paid": str(receipt.gas_paid),
        "spent": str(receipt.spent),
        "got": str(receipt.got),
        "escrow": receipt.escrow,
        "index": receipt.index,
        "reason": receipt.reason,
    }


def load_receipt(body: Json) -> Receipt:
    """Undo `dump_receipt`."""
    return Receipt(
        tx_hash=TxHash(body["tx_hash"]),
        block=body["block"],
        succeeded=body["succeeded"],
        gas_used=body["gas_used"],
        gas_paid=Wei(int(body["gas_paid"])),
        spent=int(body["spent"]),
        got=int(body["got"]),
        escrow=body["escrow"],
        index=body.get("index", 0),
        reason=body["reason"],
    )


def dump_decision(decision: TradeDecision) -> Json:
    """An analyst's decision."""
    body: Json = _DECISION.dump_python(decision, mode="json")
    return body


def load_decision(body: Json) -> TradeDecision:
    """Undo `dump_decision`."""
    return _DECISION.validate_python(body)
