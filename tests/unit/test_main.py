"""What the process itself sees to before anything else."""

import sys

import pytest

from bot.__main__ import main


def test_nested_json_from_an_edge_cannot_end_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = sys.getrecursionlimit()
    monkeypatch.setattr(sys, "argv", ["sei-trader", "--version"])
    sys.setrecursionlimit(100_000)
    try:
        with pytest.raises(SystemExit):
            main()
        assert sys.getrecursionlimit() == 1_000
    finally:
        sys.setrecursionlimit(before)
