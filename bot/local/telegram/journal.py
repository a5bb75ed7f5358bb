"""Records that outlive the process from the moment they are written, one JSON line each."""

import json
from pathlib import Path

from bot.local.telegram.errors import Json


class Journal:
    """A file that only grows, until what it says is kept elsewhere.

    A record is with the operating system when `write` returns: a killed process loses none, a
    machine without power may.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.size = path.stat().st_size if path.exists() else 0

    def read(self) -> list[Json]:
        """All records, oldest first, up to one that a kill cut off."""
        records: list[Json] = []
        lines = self._path.read_bytes().splitlines() if self.size else []
        for line in lines:
            try:
                records.append(json.loads(line))
            except ValueError:
                break
        return records

    def write(self, record: Json) -> None:
        """Append a record. Raises OSError."""
        line = json.dumps(record, ensure_ascii=False).encode() + b"\n"
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab") as file:
            file.write(line)
        self.size += len(line)

    def clear(self) -> None:
        """Begin anew."""
        self._path.unlink(missing_ok=True)
        self.size = 0
