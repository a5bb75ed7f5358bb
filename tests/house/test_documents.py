"""Documents that must keep up with the code."""

import re
from pathlib import Path

import pytest

from bot.settings import Settings

ROOT = Path(__file__).parents[2]


def section(text: str, heading: str) -> str:
    """The part of a Markdown document under a heading, up to the next of its level."""
    found = re.search(rf"^(#+) {heading}\s*$(.*?)(?=^\1 |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"no heading {heading!r}"
    return found[2]


def table_names(text: str) -> list[str]:
    """`NAMES` in code marks in the first column of a Markdown table."""
    cells = re.findall(r"^\|([^|]*)\|", text, re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`([A-Z][A-Z0-9_]*)`", cell)]


@pytest.mark.parametrize("name", ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "LICENSE"])
def test_it_exists_and_says_something(name: str):
    assert len((ROOT / name).read_text(encoding="utf-8")) > 200


def test_the_readme_explains_every_setting_and_no_other():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    explained = table_names(section(readme, "Settings"))
    assert sorted(explained) == sorted(name.upper() for name in Settings.model_fields)


def test_the_readme_links_to_files_that_exist():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", readme)
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_changelog_has_the_version():
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version
    assert version[1] in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
