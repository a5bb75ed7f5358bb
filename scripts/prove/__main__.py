"""Runs the long proofs one after another and writes docs/PROOFS.md; takes an hour or so."""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from bot.clock import SystemClock
from scripts.prove import mutants, slither, symbolic
from scripts.prove.tools import PROOFS, ROOT, run, tool

_DOCUMENT = ROOT / "docs" / "PROOFS.md"
_FUZZ_RUNS, _INVARIANT_RUNS, _INVARIANT_DEPTH = 10_000, 128, 256
_ATTACKER_CALLS = 100_000
_COUNT = re.compile(r"(\d+) tests passed, (\d+) failed")
_HEAD = """# Proofs

Written by `make prove`, which runs them all, on {date}. Versions: {versions}.

| proof | figures | result | minutes |
|---|---|---|---|
"""


@dataclass(frozen=True)
class Proof:
    """What a proof came to; `details` says what went wrong, if anything."""

    name: str
    figures: str
    holds: bool
    seconds: float
    details: str = ""


def main() -> int:
    """Run every proof, write the document, and return the exit code."""
    proofs = []
    for step in (_forge, _attacker, _symbolic, _slither, _mutants):
        proof = step()
        print(f"{proof.name}: {proof.figures}, {_verdict(proof)}\n{proof.details}", flush=True)
        proofs.append(proof)
    rows = [f"| {p.name} | {p.figures} | {_verdict(p)} | {p.seconds / 60:.1f} |\n" for p in proofs]
    head = _HEAD.format(date=SystemClock().now().date(), versions=", ".join(_versions()))
    _DOCUMENT.write_text(head + "".join(rows))
    return 0 if all(proof.holds for proof in proofs) else 1


def _forge() -> Proof:
    figures = (
        f"{{passed}} tests; fuzzed {_FUZZ_RUNS:,} times each; invariants over "
        f"{_INVARIANT_RUNS * _INVARIANT_DEPTH:,} calls"
    )
    return _test(
        "forge",
        figures,
        ["--no-match-contract", "Attacker"],
        FOUNDRY_FUZZ_RUNS=str(_FUZZ_RUNS),
        FOUNDRY_INVARIANT_RUNS=str(_INVARIANT_RUNS),
        FOUNDRY_INVARIANT_DEPTH=str(_INVARIANT_DEPTH),
    )


def _attacker() -> Proof:
    return _test(
        "guided attacker",
        f"{{passed}} tests; {_ATTACKER_CALLS:,} calls",
        ["--match-contract", "Attacker"],
        ATTACKER_CALLS=str(_ATTACKER_CALLS),
    )


def _test(name: str, figures: str, which: list[str], **env: str) -> Proof:
    # Tests take ten minutes to compile by way of the intermediate language, as the artifacts are.
    ran = run([tool("forge"), "test", *which], ROOT, FOUNDRY_PROFILE="quick", **env)
    found = _COUNT.findall(ran.output)
    passed, failed = map(int, found[-1]) if found else (0, 0)
    holds = ran.code == 0 and passed > 0 and failed == 0
    return Proof(
        name, figures.format(passed=passed), holds, ran.seconds, "" if holds else ran.output
    )


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
