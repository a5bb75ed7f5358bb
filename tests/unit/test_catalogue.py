import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from bot.catalogue import CatalogueError, discover

DECLARE = "from types import SimpleNamespace\nTHING = SimpleNamespace(name={name!r})\n"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Builds a package from file contents and forgets it afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    name = "extensions_under_test"

    def build(**modules: str) -> ModuleType:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
        for module, text in modules.items():
            (tmp_path / name / f"{module}.py").write_text(text)
        return import_module(name)

    yield build
    for module in [known for known in sys.modules if known.partition(".")[0] == name]:
        del sys.modules[module]


def test_every_module_is_found_by_the_name_it_declares(package):
    things = discover(
        package(alpha=DECLARE.format(name="first"), beta=DECLARE.format(name="second")), "THING"
    )
    assert list(things) == ["first", "second"]
    assert things["second"].name == "second"


def test_underscored_modules_are_no_extensions(package):
    things = discover(package(alpha=DECLARE.format(name="first"), _parts="X = 1"), "THING")
    assert list(things) == ["first"]


@pytest.mark.parametrize(
    ("modules", "complaint"),
    [
        ({"alpha": "X = 1"}, "alpha declares no THING"),
        ({"alpha": "THING = 1"}, "THING of .*alpha has no name"),
        ({"alpha": DECLARE.format(name="")}, "has no name"),
        (
            {"alpha": DECLARE.format(name="same"), "beta": DECLARE.format(name="same")},
            "alpha and .*beta both declare THING same",
        ),
    ],
)
def test_a_package_out_of_order_stops_the_start(package, modules, complaint):
    with pytest.raises(CatalogueError, match=complaint):
        discover(package(**modules), "THING")
