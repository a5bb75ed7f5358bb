"""Compiled contracts: ours from the repository, the exchanges' from their npm packages."""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bot.domain.errors import SettingsError

REPOSITORY = Path(__file__).resolve().parents[2]
NODE_MODULES = REPOSITORY / "node_modules"
_OURS = REPOSITORY / "contracts" / "artifacts"


@dataclass(frozen=True, slots=True, eq=False)
class Artifact:
    """`abi` as the compiler wrote it; `bytecode` is 0x-prefixed creation code."""

    name: str
    abi: list[dict[str, Any]]
    bytecode: str


@dataclass(frozen=True, slots=True, eq=False)
class Runtime:
    """The code a contract of ours leaves on the chain, immutables still zero.

    `immutables` has, for each one, the places in the code where its 32 bytes stand.
    """

    code: bytes
    immutables: tuple[tuple[slice, ...], ...]


@cache
def load_artifact(name: str) -> Artifact:
    """One of our contracts, e.g. `CaretEscrow` or, for tests, `test/Reentrant`."""
    return _load(_OURS / f"{name}.json")


@cache
def load_runtime(name: str) -> Runtime:
    """The runtime code of one of our contracts, as this release compiles it."""
    raw = _read(_OURS / f"{name}.json")
    places = [
        tuple(slice(at["start"], at["start"] + at["length"]) for at in group)
        for group in raw["immutables"]
    ]
    return Runtime(bytes.fromhex(raw["runtime"].removeprefix("0x")), tuple(places))


@cache
def load_published(path: str) -> Artifact:
    """A contract as published on npm; `path` is relative to `node_modules`.

    Raises:
        SettingsError: the package is not installed.
    """
    return _load(NODE_MODULES / path)


@cache
def contracts_digest() -> str:
    """Changes whenever one of our compiled contracts does, those for tests aside."""
    digest = hashlib.sha256()
    for file in sorted(_OURS.glob("*.json")):
        digest.update(_load(file).bytecode.encode())
    return digest.hexdigest()


def _load(file: Path) -> Artifact:
    raw = _read(file)
    code = raw["bytecode"]
    return Artifact(file.stem, raw["abi"], code if code.startswith("0x") else f"0x{code}")


def _read(file: Path) -> Any:  # noqa: ANN401
    try:
        return json.loads(file.read_text())
    except FileNotFoundError:
        raise SettingsError(f"{file.relative_to(REPOSITORY)} is missing: run `make`") from None
