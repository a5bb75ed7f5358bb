"""The contracts' ABIs, read once from the committed artifacts, as encoders and decoders."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from eth_abi.abi import decode, encode
from eth_typing import ABI, ABIComponent, ABIError, ABIEvent, ABIFunction
from eth_utils.abi import (
    abi_to_signature,
    collapse_if_tuple,
    event_abi_to_log_topic,
    filter_abi_by_type,
    function_signature_to_4byte_selector,
)

from bot.chain.artifacts import REPOSITORY, load_artifact


@dataclass(frozen=True, slots=True)
class Method:
    """A contract function."""

    name: str
    selector: bytes
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    def encode(self, *arguments: object) -> bytes:
        """Calldata; raises eth_abi's EncodingError when the arguments do not fit."""
        return self.selector + encode(self.inputs, arguments)

    def decode(self, answer: bytes) -> tuple[Any, ...]:
        """What the function returned; raises eth_abi's DecodingError when it is something else."""
        return decode(self.outputs, answer)


@dataclass(frozen=True, slots=True)
class Event:
    """A contract event; a field is (name, type, indexed)."""

    name: str
    topic: bytes
    fields: tuple[tuple[str, str, bool], ...]

    def decode(self, topics: Sequence[bytes], data: bytes) -> dict[str, Any]:
        """Fields by name; indexed ones of dynamic type are not supported (we have none)."""
        indexed = [field for field in self.fields if field[2]]
        plain = [field for field in self.fields if not field[2]]
        values = dict(zip((f[0] for f in plain), decode([f[1] for f in plain], data), strict=True))
        for (name, kind, _), topic in zip(indexed, topics[1:], strict=True):
            values[name] = decode([kind], topic)[0]
        return values


@dataclass(frozen=True, slots=True)
class Abi:
    """Functions, events and custom errors of one contract; no name is overloaded but errors'."""

    methods: Mapping[str, Method]
    events: Mapping[str, Event]
    errors: tuple[Method, ...]


@cache
def load_abi(contract: str) -> Abi:
    """The ABI of one of our contracts, e.g. `CaretEscrow`; read from disk the first time only."""
    return parse_abi(cast("ABI", load_artifact(contract).abi))


@cache
def load_errors() -> Mapping[bytes, Method]:
    """Custom errors of all our contracts by their selector."""
    names = sorted(path.stem for path in (REPOSITORY / "contracts" / "artifacts").glob("*.json"))
    return {error.selector: error for name in names for error in load_abi(name).errors}


def parse_abi(entries: ABI) -> Abi:
    """An ABI as compilers write it."""
    methods = [_method(entry) for entry in filter_abi_by_type("function", entries)]
    events = [_event(entry) for entry in filter_abi_by_type("event", entries)]
    errors = [_method(entry) for entry in filter_abi_by_type("error", entries)]
    return Abi({m.name: m for m in methods}, {e.name: e for e in events}, tuple(errors))


def _method(entry: ABIFunction | ABIError) -> Method:
    selector = function_signature_to_4byte_selector(abi_to_signature(entry))
    outputs = entry["outputs"] if entry["type"] == "function" else ()
    return Method(entry["name"], selector, _types(entry["inputs"]), _types(outputs))


def _event(entry: ABIEvent) -> Event:
    fields = tuple(
        (field["name"], collapse_if_tuple(field), field["indexed"]) for field in entry["inputs"]
    )
    return Event(entry["name"], event_abi_to_log_topic(entry), fields)


def _types(parameters: Iterable[ABIComponent]) -> tuple[str, ...]:
    return tuple(collapse_if_tuple(parameter) for parameter in parameters)
