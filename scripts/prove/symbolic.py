"""Runs the symbolic checks of contracts/proofs/Symbolic.t.sol with halmos."""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from scripts.prove.environment import installed
from scripts.prove.tools import ROOT, run, with_forge

_OUT = "build/prove/halmos"
_ENV = {
    "FOUNDRY_PROFILE": "quick",
    "FOUNDRY_OUT": _OUT,
    "FOUNDRY_CACHE_PATH": "build/prove/halmos-cache",
}
# A branch that cannot be is better dropped at once than carried on.
_PATIENCE = ["--solver-timeout-branching", "20s", "--solver-timeout-assertion", "120s"]
_VERDICT = re.compile(r"\[(PASS|FAIL|ERROR|TIMEOUT)\]\S* (check_\w+)")


@dataclass(frozen=True)
class Report:
    """Which checks hold for every value, and which do not, by name."""

    held: list[str]
    failed: list[str]
    seconds: float


def check() -> Report:
    """Have halmos compile and check.

    Raises:
        RuntimeError: no check was run.
    """
    command: list[str | Path] = [installed("halmos"), "--no-status"]
    command += ["--forge-build-out", _OUT, "--match-contract", "SymbolicTest", *_PATIENCE]
    ran = run(with_forge(command), ROOT, **_ENV)
    verdicts = _VERDICT.findall(ran.output)
    if not verdicts:
        raise RuntimeError(ran.output)
    return Report(
        [name for verdict, name in verdicts if verdict == "PASS"],
        [name for verdict, name in verdicts if verdict != "PASS"],
        ran.seconds,
    )


def main() -> int:
    """Print what does not hold, and return the exit code."""
    report = check()
    for name in report.failed:
        print(f"not shown: {name}")
    print(f"{len(report.held)} checks hold, {len(report.failed)} not; {report.seconds:.0f} s")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
