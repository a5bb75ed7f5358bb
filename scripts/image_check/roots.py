"""Builds the stages of a Dockerfile in Debian roots made by debootstrap."""

import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts.image_check.recipe import Copy, Run, Stage, is_sent

BASES = {"python:3.11-slim-bookworm": ("bookworm", "python3,python3-venv,ca-certificates")}
"""What stands in for an image: a Debian release and the packages added to its smallest variant."""

_NETWORK_FILES = ("etc/resolv.conf", "etc/pip.conf", "etc/ssl/certs/ca-certificates.crt")


def make_base(image: str, folder: Path) -> Path:
    """A root in place of `image`; made once and kept."""
    release, packages = BASES[image]
    root = folder / f"base-{release}"
    if not (root / "ready").exists():
        shutil.rmtree(root, ignore_errors=True)
        _say(f"debootstrap {release} with {packages}")
        _check(["debootstrap", "--variant=minbase", f"--include={packages}", release, str(root)])
        (root / "ready").touch()
    return root


def build(stages: Sequence[Stage], project: Path, folder: Path) -> Path:
    """Run every step of every stage; returns the root of the last one."""
    roots: dict[str, Path] = {}
    for stage in stages:
        root = roots[stage.name] = folder / f"stage-{stage.name}"
        shutil.rmtree(root, ignore_errors=True)
        _check(["cp", "-a", "--reflink=auto", str(make_base(stage.base, folder)), str(root)])
        _lend_network(root)
        for step in stage.steps:
            if isinstance(step, Run):
                _say(f"[{stage.name}] RUN {step.command}")
                (root / step.workdir.lstrip("/")).mkdir(parents=True, exist_ok=True)
                _check(inside(root, step.command, step.env, workdir=step.workdir))
            else:
                _say(f"[{stage.name}] COPY {' '.join(step.paths)} {step.target}")
                _copy(step, roots.get(step.source or ""), root, project)
    return roots[stages[-1].name]


def inside(
    root: Path, command: str, env: Mapping[str, str], *, workdir: str = "/", user: str = "root"
) -> list[str]:
    """The command line that runs `command` in a root with this environment and no other."""
    pairs = [f"{key}={value}" for key, value in env.items()]
    script = f"cd {shlex.quote(workdir)} && {command}"
    return [
        *("chroot", f"--userspec={user}", str(root)),
        *("/usr/bin/env", "-i", *pairs, "/bin/sh", "-c", script),
    ]


def _copy(step: Copy, source: Path | None, root: Path, project: Path) -> None:
    target = root / os.path.normpath(f"{step.workdir}/{step.target}").lstrip("/")
    if source is not None:
        shutil.copytree(source / step.paths[0].lstrip("/"), target, symlinks=True)
        return
    ignore = (project / ".dockerignore").read_text()
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=project, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    for name in tracked:
        wanted = "." in step.paths or name in step.paths
        if wanted and is_sent(name, ignore) and (project / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(project / name, target / name)


def _lend_network(root: Path) -> None:
    """What an engine would arrange: name resolution, and this machine's trust and package index."""
    for name in _NETWORK_FILES:
        if Path("/", name).is_file():
            shutil.copy(Path("/", name), root / name)


def _check(command: Sequence[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"failed: {shlex.join(command)}\n{done.stdout}\n{done.stderr}")


def _say(text: str) -> None:
    print(text, flush=True)
