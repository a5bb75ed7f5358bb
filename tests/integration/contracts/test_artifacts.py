"""What is committed is what the sources compile to."""

import shutil
import subprocess
from pathlib import Path

from bot.chain.artifacts import NODE_MODULES, REPOSITORY


def test_only_an_artifact_that_differs_or_has_no_source_is_named(tmp_path: Path) -> None:
    """So the others equal a fresh compile; all of the committed ones are checked by make."""
    contracts = tmp_path / "contracts"
    shutil.copytree(REPOSITORY / "contracts", contracts)
    (tmp_path / "node_modules").symlink_to(NODE_MODULES)
    changed = contracts / "artifacts" / "BalanceLens.json"
    changed.write_text(changed.read_text().replace("0x6080", "0x6081", 1))
    shutil.copy(changed, contracts / "artifacts" / "Orphan.json")
    node = shutil.which("node")
    assert node is not None
    done = subprocess.run(  # noqa: S603
        [node, str(contracts / "build.mjs"), "--check"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1
    named = [line.split()[0] for line in done.stderr.splitlines()]
    assert named == ["contracts/artifacts/BalanceLens.json", "contracts/artifacts/Orphan.json"]
