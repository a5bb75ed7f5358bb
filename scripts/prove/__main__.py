"""Runs the long proofs one after another and writes docs/PROOFS.md; takes an hour or so."""

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bot.clock import SystemClock
from scripts.prove import gas, mutants, slither, symbolic
from scripts.prove.tools import PROOFS, ROOT, run, tool

_DOCUMENT = ROOT / "docs" / "PROOFS.md"
_FUZZ_RUNS, _INVARIANT_RUNS, _INVARIANT_DEPTH = 10_000, 128, 256
_ATTACKER_CALLS = 100_000
_COUNT = re.compile(r"(\d+) tests passed, (\d+) failed")
_FAMILY = re.compile(r"family\|(\w+)\|(\d+)\|(\d+)\|(\d+)\|(\d+)")
_HEAD = """# Proofs

Written by `make prove`, which runs them all, on {date}. Versions: {versions}.

| proof | figures | result | minutes |
|---|---|---|---|
"""

_MEANING = Path(__file__).with_name("meaning.md")
_FAMILIES = """## The attacker, family by family

Losses and bounds in USD at true prices that differ from the feeds; gas is counted within them.

| family | calls | refused | taken | bound | of it |
|---|---:|---:|---:|---:|---:|"""
_GAS = (
    "Receipts of real transactions on anvil, after refunds; MetaMask's delegation framework has "
    "six caveats. The last column charges 72,000 for a slot that was zero, as Sei does."
)


@dataclass(frozen=True)
class Proof:
    """What a proof came to; `details` says what went wrong, `table` shows its figures."""

    name: str
    figures: str
    holds: bool
    seconds: float
    details: str = ""
    table: str = ""


def main() -> int:
    """Run every proof, write the document, and return the exit code."""
    proofs = []
    for step in (_forge, _attacker, _symbolic, _slither, _mutants, _gas):
        proof = step()
        print(f"{proof.name}: {proof.figures}, {_verdict(proof)}\n{proof.details}", flush=True)
        proofs.append(proof)
    _DOCUMENT.write_text(render(proofs))
    return 0 if all(proof.holds for proof in proofs) else 1


def render(proofs: Sequence[Proof]) -> str:
    """The document: a line for each proof, then what they mean, then their tables."""
    head = _HEAD.format(date=SystemClock().now().date(), versions=", ".join(_versions()))
    rows = [f"| {p.name} | {p.figures} | {_verdict(p)} | {p.seconds / 60:.1f} |\n" for p in proofs]
    tables = [p.table for p in proofs if p.table]
    return "\n".join(["".join([head, *rows]), _MEANING.read_text(), *tables])


def _forge() -> Proof:
    figures = (
        f"{{passed}} tests; fuzzed {_FUZZ_RUNS:,} times each; invariants over "
        f"{_INVARIANT_RUNS * _INVARIANT_DEPTH:,} calls"
    )
    proof, _ = _test(
        "forge",
        figures,
        ["--no-match-contract", "Attacker"],
        FOUNDRY_FUZZ_RUNS=str(_FUZZ_RUNS),
        FOUNDRY_INVARIANT_RUNS=str(_INVARIANT_RUNS),
        FOUNDRY_INVARIANT_DEPTH=str(_INVARIANT_DEPTH),
    )
    return proof


def _attacker() -> Proof:
    proof, said = _test(
        "guided attacker",
        "{passed} families",
        ["--match-contract", "Attacker", "-vv"],
        ATTACKER_CALLS=str(_ATTACKER_CALLS),
    )
    families = sorted(_FAMILY.findall(said))
    calls = sum(int(family[1]) for family in families)
    lowest = min((int(f[3]) / int(f[4]) for f in families), default=0)
    rows = [
        f"| {name} | {int(made):,} | {int(refused):,} | {int(loss) / 1e6:,.2f} | "
        f"{int(bound) / 1e6:,.2f} | {int(loss) / int(bound):.1%} |"
        for name, made, refused, loss, bound in families
    ]
    return replace(
        proof,
        figures=f"{proof.figures}, {calls:,} calls, none above its bound, none below {lowest:.1%}",
        holds=proof.holds and calls >= _ATTACKER_CALLS,
        table="\n".join([_FAMILIES, *rows, ""]),
    )


def _gas() -> Proof:
    clock = SystemClock()
    started = clock.now()
    report = gas.measure()
    seconds = (clock.now() - started).total_seconds()
    figures = f"{len(report.rows)} transactions, {len(report.misses)} above their targets"
    return Proof(
        "gas",
        figures,
        not report.misses,
        seconds,
        "\n".join(report.misses),
        f"## Gas\n\n{_GAS}\n\n{report.render()}\n",
    )


def _test(name: str, figures: str, which: list[str], **env: str) -> tuple[Proof, str]:
    # Tests take ten minutes to compile by way of the intermediate language, as the artifacts are.
    ran = run([tool("forge"), "test", *which], ROOT, FOUNDRY_PROFILE="quick", **env)
    found = _COUNT.findall(ran.output)
    passed, failed = map(int, found[-1]) if found else (0, 0)
    holds = ran.code == 0 and passed > 0 and failed == 0
    proof = Proof(
        name, figures.format(passed=passed), holds, ran.seconds, "" if holds else ran.output
    )
    return proof, ran.output


def _symbolic() -> Proof:
    report = symbolic.check()
    figures = f"{len(report.held)} checks for every value, {len(report.failed)} not shown"
    return Proof("halmos", figures, not report.failed, report.seconds, "\n".join(report.failed))


def _slither() -> Proof:
    report = slither.examine()
    loose = report.unexplained + report.idle
    figures = f"{len(report.findings)} findings, {len(report.unexplained)} not explained"
    details = "\n".join(f"{one.detector} in {one.where}" for one in loose)
    return Proof("slither", figures, not loose, report.seconds, details)


def _mutants() -> Proof:
    clock = SystemClock()
    started = clock.now()
    results = list(mutants.try_all(mutants.load_mutants()))
    left = [one for one in results if one.fate != "killed"]
    return Proof(
        "mutants",
        f"{len(results) - len(left)} of {len(results)} killed",
        not left,
        (clock.now() - started).total_seconds(),
        "\n".join(f"{one.fate}: {one.mutant.file}: {one.mutant.what}" for one in left),
    )


def _verdict(proof: Proof) -> str:
    return "holds" if proof.holds else "**does not hold**"


def _versions() -> Iterator[str]:
    yield "forge " + run([tool("forge"), "--version"], ROOT).output.split()[2]
    solc = run(["node", PROOFS / "solc.mjs", "--version"], ROOT).output
    yield "solc " + solc.split("Version: ")[1].split("+")[0]
    for line in (PROOFS / "requirements.txt").read_text().splitlines():
        if "==" in line:
            yield line.replace("==", " ")


if __name__ == "__main__":
    sys.exit(main())
