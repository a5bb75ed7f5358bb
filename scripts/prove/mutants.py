"""Puts one small fault after another into the contracts: their tests must notice every one.

`python -m scripts.prove.mutants [WORD ...]` tries those whose description holds all the words. A
fault is `killed` when a test fails; `survived` when none does, and `broken` when the contracts do
not compile with it: both make the run fail. The working tree is never touched.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Literal

from scripts.prove.tools import PROOFS, ROOT, Ran, run, tool

_WORKERS = 2
_DATA = PROOFS / "mutants"
# Other proofs, which would only have to be compiled.
_LEFT_OUT = ("node_modules", "artifacts", "mutants", "attacks")
_LEFT_OUT_FILES = ("Attacker*", "Differential*", "Gas*", "Symbolic*")
# Without optimizer they compile three times as fast, and behave the same.
_ENV = {"FOUNDRY_PROFILE": "quick", "FOUNDRY_OPTIMIZER": "false"}
_FAILED = re.compile(r"^\[FAIL.*\] (\w+)\(", re.MULTILINE)
_PATIENCE_S = 60

Fate = Literal["killed", "survived", "broken"]


@dataclass(frozen=True)
class Mutant:
    """One fault: `old` occurs exactly once in `file` and becomes `new`; `suite` should notice."""

    what: str
    file: str
    suite: str
    old: str
    new: str


@dataclass(frozen=True)
class Result:
    """What became of a mutant, and by which test."""

    mutant: Mutant
    fate: Fate
    test: str


def load_mutants() -> list[Mutant]:
    """Read the lists beside the proofs.

    Raises:
        ValueError: a mutant's old text does not occur exactly once, or its suite is missing.
    """
    mutants = [mutant for path in sorted(_DATA.glob("*.toml")) for mutant in _read(path)]
    for mutant in mutants:
        count = (ROOT / mutant.file).read_text().count(mutant.old)
        if count != 1:
            raise ValueError(f"{mutant.file}, {mutant.what}: the old text occurs {count} times")
        if not (PROOFS / f"{mutant.suite}.t.sol").exists():
            raise ValueError(f"{mutant.what}: there is no {mutant.suite}.t.sol")
    return mutants


def try_all(mutants: Sequence[Mutant]) -> Iterator[Result]:
    """Try every mutant, two at a time, each in a copy of the tree.

    Raises:
        RuntimeError: the tests fail without any fault.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="mutants-"))
        trees: SimpleQueue[Tree] = SimpleQueue()
        for number in range(_WORKERS):
            tree = Tree(Path(folder, str(number)))
            stack.enter_context(_warm_compiler(tree.root))
            trees.put(tree)
        _require_green(trees)
        with ThreadPoolExecutor(_WORKERS) as workers:
            yield from workers.map(lambda mutant: _try(mutant, trees), mutants)


def main(words: Sequence[str]) -> int:
    """Try the mutants, say what becomes of each, and return the exit code."""
    started = time.monotonic()
    mutants = [m for m in load_mutants() if all(word in m.what for word in words)]
    fates: Counter[Fate] = Counter()
    for result in try_all(mutants):
        fates[result.fate] += 1
        where = f"{Path(result.mutant.file).name}: {result.mutant.what}"
        print(f"{result.fate:9}{where}{f' ({result.test})' if result.test else ''}", flush=True)
    minutes = (time.monotonic() - started) / 60
    print(
        f"{fates['killed']} of {len(mutants)} mutants killed, {fates['survived']} survived, "
        f"{fates['broken']} did not compile; {minutes:.1f} minutes"
    )
    return 0 if fates["killed"] == len(mutants) else 1


def _read(path: Path) -> Iterator[Mutant]:
    data = tomllib.loads(path.read_text())
    common = {key: data[key] for key in ("file", "suite") if key in data}
    for entry in data["mutant"]:
        yield Mutant(**(common | entry))


class Tree:
    """A copy of what the tests need, with all of their suites or a single one."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._parked = root / "parked"
        ignored = shutil.ignore_patterns(*_LEFT_OUT, *_LEFT_OUT_FILES)
        shutil.copytree(ROOT / "contracts", root / "contracts", ignore=ignored)
        self._proofs = root / "contracts" / "proofs"
        for modules in ("node_modules", "contracts/proofs/node_modules"):
            (root / modules).symlink_to(ROOT / modules)
        shutil.copy(Path(__file__).with_name("solc_client.mjs"), self._proofs / "solc.mjs")
        settings = (ROOT / "foundry.toml").read_text()
        # The published bytecode of Uniswap is read through a link.
        (root / "foundry.toml").write_text(settings.replace('path = "."', f'path = "{ROOT}"'))
        self._parked.mkdir()
        for path in self._proofs.glob("*.t.sol"):
            path.rename(self._parked / path.name)

    def test(self, suites: str = "*") -> Ran:
        """Run the tests of these suites; forge compiles all it finds, so no others are there."""
        for path in self._proofs.glob("*.t.sol"):
            path.unlink()
        for path in self._parked.glob(f"{suites}.t.sol"):
            shutil.copy2(path, self._proofs)
        return run([tool("forge"), "test", "--fail-fast"], self.root, **_ENV)


@contextmanager
def _warm_compiler(root: Path) -> Iterator[None]:
    """Answer the compiler's questions of this tree, until the block ends."""
    server = Path(__file__).with_name("solc_server.mjs")
    socket = root / "solc.sock"
    with subprocess.Popen(["node", str(server), str(socket)], stdin=subprocess.PIPE) as process:
        for _ in range(_PATIENCE_S * 10):
            if socket.exists() or process.poll() is not None:
                break
            time.sleep(0.1)
        # At the block's end its input is closed, and it ends.
        yield


def _require_green(trees: SimpleQueue[Tree]) -> None:
    tree = trees.get()
    ran = tree.test()
    trees.put(tree)
    if ran.code != 0:
        raise RuntimeError(f"the tests fail without any fault:\n{ran.output}")


def _try(mutant: Mutant, trees: SimpleQueue[Tree]) -> Result:
    tree = trees.get()
    path = tree.root / mutant.file
    whole = path.read_text()
    try:
        path.write_text(whole.replace(mutant.old, mutant.new))
        result = _judge(mutant, tree.test(mutant.suite))
        return result if result.fate != "survived" else _judge(mutant, tree.test())
    finally:
        path.write_text(whole)
        trees.put(tree)


def _judge(mutant: Mutant, ran: Ran) -> Result:
    if ran.code == 0:
        return Result(mutant, "survived", "")
    failed = _FAILED.search(ran.output)
    if failed is None:
        return Result(mutant, "broken", ran.output[-400:])
    return Result(mutant, "killed", failed.group(1))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
