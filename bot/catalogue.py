"""Find one-file extensions: every module of a package declares itself under one name.

A venue declares `VENUE`, a command `COMMAND`, a job `JOB`. Modules and folders whose name starts
with an underscore are parts of their siblings, not extensions.
"""

import pkgutil
from importlib import import_module
from types import ModuleType
from typing import Any


class CatalogueError(Exception):
    """A package of extensions is not in order; the process must not start."""


def discover(package: ModuleType, attribute: str) -> dict[str, Any]:
    """Declarations of all modules directly in `package`, by their `name`, in module order.

    Raises:
        CatalogueError: a module declares nothing, a declaration has no name, or two share one.
    """
    found: dict[str, Any] = {}
    homes: dict[str, str] = {}
    for entry in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        if entry.name.rpartition(".")[2].startswith("_"):
            continue
        declaration = getattr(import_module(entry.name), attribute, None)
        if declaration is None:
            raise CatalogueError(f"{entry.name} declares no {attribute}")
        name = getattr(declaration, "name", None)
        if not isinstance(name, str) or not name:
            raise CatalogueError(f"the {attribute} of {entry.name} has no name")
        if name in found:
            raise CatalogueError(f"{homes[name]} and {entry.name} both declare {attribute} {name}")
        found[name], homes[name] = declaration, entry.name
    return found
