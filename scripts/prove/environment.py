"""An environment of its own for the proofs' Python tools."""

import sys
import venv
from pathlib import Path

from scripts.prove.tools import PROOFS, ROOT, run

_HOME = ROOT / "build" / "prove-venv"
_WANTED = PROOFS / "requirements.txt"


def installed(name: str) -> Path:
    """The path of a tool such as `halmos`; installs what is wanted where it is not yet there.

    Raises:
        RuntimeError: pip fails.
    """
    stamp = _HOME / "installed.txt"
    if not stamp.exists() or stamp.read_text() != _WANTED.read_text():
        venv.create(_HOME, clear=True, with_pip=True)
        pip: list[str | Path] = [
            _HOME / "bin" / "python",
            "-m",
            "pip",
            "install",
            "--quiet",
            "-r",
            _WANTED,
        ]
        ran = run([*pip, "install", "--quiet", "-r", _WANTED], ROOT)
        if ran.code != 0:
            raise RuntimeError(f"pip fails under {sys.version}:\n{ran.output}")
        stamp.write_text(_WANTED.read_text())
    return _HOME / "bin" / name
