"""Runs slither over the contracts; every finding must be explained in contracts/proofs/slither.md.

`python -m scripts.prove.slither` prints what is not explained, and rows that explain nothing.
"""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.prove.environment import installed
from scripts.prove.tools import PROOFS, ROOT, Ran, run, tool, with_forge

_OUT = "build/prove/slither"
_ENV = {
    "FOUNDRY_PROFILE": "quick",
    "FOUNDRY_OPTIMIZER": "false",
    "FOUNDRY_OUT": _OUT,
    "FOUNDRY_CACHE_PATH": "build/prove/slither-cache",
}
_ROW = re.compile(r"^\| ([a-z-]+) \| (\w+\.[\w*]+) \| (.+) \|$", re.MULTILINE)


@dataclass(frozen=True, order=True)
class Finding:
    """A detector and where it spoke, as `Contract.function`."""

    detector: str
    where: str

    def explains(self, other: "Finding") -> bool:
        """Whether this row of the table speaks of that finding; `Contract.*` is all of it."""
        if self.detector != other.detector:
            return False
        contract, _, function = self.where.partition(".")
        return self.where == other.where or (
            function == "*" and other.where.partition(".")[0] == contract
        )


@dataclass(frozen=True)
class Report:
    """What slither said, and how the table deals with it."""

    findings: list[Finding]
    unexplained: list[Finding]
    idle: list[Finding]
    seconds: float


def examine() -> Report:
    """Compile with forge, run slither, and compare with the table.

    Raises:
        RuntimeError: forge or slither fails.
    """
    skip = ["--skip", "contracts/proofs/**", "--skip", "contracts/test/**"]
    built = run([tool("forge"), "build", "--build-info", "--force", *skip], ROOT, **_ENV)
    _require(built)
    path = ROOT / "build" / "prove" / "slither.json"
    path.unlink(missing_ok=True)
    command: list[str | Path] = [installed("slither"), ".", "--ignore-compile"]
    command += ["--foundry-out-directory", _OUT, "--json", path]
    command += ["--config-file", PROOFS / "slither.json"]
    ran = run(with_forge(command), ROOT, **_ENV)
    if not path.exists():
        raise RuntimeError(ran.output)
    findings = sorted(_read(json.loads(path.read_text())))
    rows = [Finding(*found.groups()[:2]) for found in _ROW.finditer(_table())]
    return Report(
        findings,
        [one for one in findings if not any(row.explains(one) for row in rows)],
        [row for row in rows if not any(row.explains(one) for one in findings)],
        built.seconds + ran.seconds,
    )


def main() -> int:
    """Print what stands out, and return the exit code."""
    report = examine()
    for finding in report.unexplained:
        print(f"not explained: {finding.detector} in {finding.where}")
    for row in report.idle:
        print(f"explains nothing: {row.detector} in {row.where}")
    print(
        f"{len(report.findings)} findings, {len(report.unexplained)} not explained, "
        f"{len(report.idle)} rows idle; {report.seconds:.0f} s"
    )
    return 1 if report.unexplained or report.idle else 0


def _table() -> str:
    return (PROOFS / "slither.md").read_text()


def _read(data: dict[str, Any]) -> Iterator[Finding]:
    if not data["success"]:
        raise RuntimeError(str(data["error"]))
    for result in data["results"].get("detectors", []):
        element = result["elements"][0]
        while element["type"] not in ("function", "contract"):
            element = element["type_specific_fields"]["parent"]
        parent = element.get("type_specific_fields", {}).get("parent", {}).get("name")
        name = element["name"]
        yield Finding(result["check"], f"{parent}.{name}" if parent else name)


def _require(ran: Ran) -> None:
    if ran.code != 0:
        raise RuntimeError(ran.output)


if __name__ == "__main__":
    sys.exit(main())
