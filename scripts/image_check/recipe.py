"""Reads the part of the Dockerfile language that ours uses."""

import json
import re
import shlex
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import PurePosixPath

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_IGNORED = {"VOLUME", "EXPOSE", "STOPSIGNAL"}


@dataclass(frozen=True, slots=True)
class Copy:
    """`source` names an earlier stage; None is the project."""

    source: str | None
    paths: tuple[str, ...]
    target: str
    workdir: str


@dataclass(frozen=True, slots=True)
class Run:
    """A shell command with what was set before it."""

    command: str
    workdir: str
    env: dict[str, str]


@dataclass(slots=True)
class Stage:
    """One FROM and all that follows. `user` is who the last commands and the image run as."""

    name: str
    base: str
    env: dict[str, str] = field(default_factory=lambda: {"PATH": _PATH})
    workdir: str = "/"
    user: str = "root"
    steps: list[Copy | Run] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    health: str = ""


def read_dockerfile(text: str) -> list[Stage]:
    """The stages in order.

    Raises:
        ValueError: an instruction this reader does not know; nothing is skipped in silence.
    """
    stages: list[Stage] = []
    joined = re.sub(r"\\\n", " ", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE))
    for line in filter(None, map(str.strip, joined.splitlines())):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            stages.append(Stage(name or "final", base))
        elif word == "ENV":
            _set_env(stages[-1], rest)
        elif word not in _IGNORED:
            _apply(stages[-1], word, rest.strip())
    return stages


def _set_env(stage: Stage, rest: str) -> None:
    for pair in shlex.split(rest):
        key, _, value = pair.partition("=")
        stage.env[key] = value.replace("$PATH", stage.env["PATH"])


def _apply(stage: Stage, word: str, rest: str) -> None:
    match word:
        case "WORKDIR":
            stage.workdir = rest
        case "USER":
            stage.user = rest
        case "COPY":
            *paths, target = [part for part in rest.split() if not part.startswith("--")]
            source = re.search(r"--from=(\S+)", rest)
            where = source[1] if source else None
            stage.steps.append(Copy(where, tuple(paths), target, stage.workdir))
        case "RUN" if stage.user == "root":
            stage.steps.append(Run(rest, stage.workdir, dict(stage.env)))
        case "CMD":
            stage.command = json.loads(rest)
        case "HEALTHCHECK":
            stage.health = rest.partition(" CMD ")[2]
        case _:
            raise ValueError(f"cannot try this instruction: {word} {rest}")


def is_sent(path: str, ignore: str) -> bool:
    """Whether a .dockerignore lets a file into the build; the last pattern that matches decides."""
    parents = [str(parent) for parent in PurePosixPath(path).parents if str(parent) != "."]
    sent = True
    for line in filter(None, map(str.strip, ignore.splitlines())):
        pattern = line.removeprefix("!")
        if any(_matches(candidate, pattern) for candidate in [path, *parents]):
            sent = line.startswith("!")
    return sent


def _matches(path: str, pattern: str) -> bool:
    parts, wanted = path.split("/"), pattern.split("/")
    if wanted[0] == "**":
        parts, wanted = parts[-len(wanted[1:]) :], wanted[1:]
    return len(parts) == len(wanted) and all(map(fnmatch, parts, wanted))
