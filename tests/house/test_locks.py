"""Lock files pin everything, agree with each other and with what they lock, and name no host."""

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = sorted(ROOT.glob("requirements*.lock"))
ANVIL = "node_modules/@foundry-rs/anvil"
UNHASHED = {f"{ANVIL}-darwin-amd64", f"{ANVIL}-darwin-arm64", f"{ANVIL}-linux-arm64"}
"""Pinned by version alone: `npm install` on such a machine adds its hash, and then it goes here."""

PIN = re.compile(r"^([a-z0-9][a-z0-9.-]*)==([^ ;\\]+)(?: ; [^\\]+)? \\$", re.MULTILINE)


def pins(path: Path) -> set[tuple[str, str]]:
    return set(PIN.findall(path.read_text()))


def normal(requirement: str) -> str:
    bare = re.split(r"[\s<>=~!;\[]", requirement, maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", bare).lower()


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_python_locks_are_hashed_and_name_no_host(path: Path):
    lines = [line for line in path.read_text().splitlines() if not line.startswith("    #")]
    entries = [line for line in lines if not line.startswith(" ")]
    assert entries
    assert all(PIN.match(f"{line}\n") for line in entries)
    hashes = [line for line in lines if line.startswith(" ")]
    assert all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line) for line in hashes)
    assert len(hashes) >= len(entries)
    assert "://" not in path.read_text()


def test_tests_run_on_the_versions_that_run():
    assert pins(ROOT / "requirements.lock") <= pins(ROOT / "requirements-dev.lock")


def test_every_dependency_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    wanted = {
        "requirements.lock": project["project"]["dependencies"],
        "requirements-dev.lock": [*project["project"]["dependencies"], *groups["dev"]],
        "requirements-build.lock": groups["build"],
        "requirements-node.lock": groups["node"],
    }
    assert {path.name for path in LOCKS} == set(wanted)
    for name, requirements in wanted.items():
        locked = {package for package, _ in pins(ROOT / name)}
        assert {normal(requirement) for requirement in requirements} <= locked


def test_the_node_lock_is_hashed_and_names_no_host():
    lock = json.loads((ROOT / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert [name for name, entry in packages.items() if "resolved" in entry] == []
    unhashed = {name for name, entry in packages.items() if "integrity" not in entry}
    assert unhashed == UNHASHED


def test_the_node_lock_is_of_this_package():
    package = json.loads((ROOT / "package.json").read_text())
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    root = packages[""]
    for kind in ("dependencies", "optionalDependencies"):
        assert root[kind] == package[kind]
        assert {f"node_modules/{name}" for name in package[kind]} <= set(packages)
    assert all(re.fullmatch(r"\d[\w.-]*", version) for version in package["dependencies"].values())
