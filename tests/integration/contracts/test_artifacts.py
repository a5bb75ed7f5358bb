"""What is committed is what the sources compile to."""

import shutil
import subprocess
from pathlib import Path

from bot.chain.artifacts import NODE_MODULES, REPOSITORY


def _check(build: Path) -> subprocess.CompletedProcess[str]:
    node = shutil.which("node")
    assert node is not None
    return subprocess.run(  # noqa: S603
        [node, str(build), "--check"], capture_output=True, text=True, check=False, timeout=120
    )


def test_the_committed_artifacts_equal_a_fresh_compile() -> None:
    done = _check(REPOSITORY / "contracts" / "build.mjs")
    assert done.returncode == 0, done.stderr


def test_an_artifact_that_differs_or_has_no_source_is_named(tmp_path: Path) -> None:
    contracts = tmp_path / "contracts"
    shutil.copytree(REPOSITORY / "contracts", contracts)
    (tmp_path / "node_modules").symlink_to(NODE_MODULES)
    changed = contracts / "artifacts" / "BalanceLens.json"
    changed.write_text(changed.read_text().replace("0x6080", "0x6081", 1))
    shutil.copy(changed, contracts / "artifacts" / "Orphan.json")
    done = _check(contracts / "build.mjs")
    assert done.returncode == 1
    named = [line.split()[0] for line in done.stderr.splitlines()]
    assert named == ["contracts/artifacts/BalanceLens.json", "contracts/artifacts/Orphan.json"]
