"""What goes into the image, read by the same code that `make image-check` runs it with."""

from pathlib import Path

import pytest

from scripts.image_check.recipe import Run, is_sent, read_dockerfile

ROOT = Path(__file__).parents[2]
IGNORE = (ROOT / ".dockerignore").read_text()


@pytest.mark.parametrize(
    "path",
    [
        "bot/__main__.py",
        "bot/web/terms.md",
        "db/migrations/env.py",
        "prompts/decision.md",
        "contracts/artifacts/CaretEscrow.json",
        "requirements.lock",
    ],
)
def test_what_the_bot_needs_is_sent(path: str):
    assert (ROOT / path).exists()
    assert is_sent(path, IGNORE)


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        ".git/config",
        "data/local-keys.json",
        "tests/conftest.py",
        "node_modules/solc/package.json",
        "contracts/CaretEscrow.sol",
        "contracts/artifacts/test/BrokenToken.json",
        "bot/chat/__pycache__/router.cpython-311.pyc",
        ".venv/pyvenv.cfg",
    ],
)
def test_nothing_else_is(path: str):
    assert not is_sent(path, IGNORE)


def test_the_image_runs_unprivileged_with_a_health_check():
    image = read_dockerfile((ROOT / "Dockerfile").read_text())[-1]
    assert image.user == "trader"
    assert image.command == ["sei-trader", "run"]
    assert "/health" in image.health
    assert image.env["ENVIRONMENT"] == "production"


def test_every_package_in_it_is_checked_against_its_hash():
    steps = [
        step for stage in read_dockerfile((ROOT / "Dockerfile").read_text()) for step in stage.steps
    ]
    installs = [
        step.command for step in steps if isinstance(step, Run) and "install -" in step.command
    ]
    assert len([line for line in installs if "pip install" in line]) == 2
    for line in installs:
        assert "pip install" not in line or "--require-hashes" in line or "--no-deps" in line


def test_an_unknown_instruction_is_refused():
    with pytest.raises(ValueError, match="ARG"):
        read_dockerfile("FROM x\nARG y")
