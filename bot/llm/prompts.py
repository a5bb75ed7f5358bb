"""Prompt files as data: a TOML header between `+++` lines, standing words, `=== data ===`, data.

Only the data part has placeholders, `{{name}}`. What fills one is a stranger's text: it is made
plain, bounded and fenced in `<name>` tags it cannot close, whatever the author of the file wrote.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.domain.errors import SettingsError
from bot.llm.outputs import OUTPUTS
from bot.llm.scrub import clip, visible, without_addresses

_PARTS = re.compile(r"\A\+\+\+\n(.*?)\n\+\+\+\n(.*?)\n=== data ===\n(.*)\Z", re.DOTALL)
_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
_INPUT_LIMIT = 8000
_LEAK_LENGTH = 40


class PromptError(SettingsError):
    """A prompt file is wrong; the text names the file and what to mend."""


class _Example(BaseModel):
    model_config = ConfigDict(extra="forbid")

    inputs: dict[str, str]
    output: dict[str, Any]


class _Header(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z_]+$")]
    model: Literal["deep", "fast"]
    temperature: Annotated[float, Field(ge=0, le=2)]
    output: str
    inputs: list[str]
    example: _Example


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt: `system` never varies, `render` makes the data that goes with it."""

    name: str
    model: Literal["deep", "fast"]
    temperature: float
    output: type[BaseModel]
    inputs: frozenset[str]
    system: str
    data: str
    example_inputs: Mapping[str, str]
    example_output: Mapping[str, Any]
    _tells: tuple[str, ...] = field(repr=False)

    def render(self, inputs: Mapping[str, str]) -> str:
        """Fill the data part; `inputs` must be exactly the declared ones, else `PromptError`."""
        if inputs.keys() != self.inputs:
            odd = ", ".join(sorted(inputs.keys() ^ self.inputs))
            raise PromptError(f"prompt {self.name}: inputs missing or not declared: {odd}")
        return _PLACEHOLDER.sub(lambda match: _fenced(match[1], inputs[match[1]]), self.data)

    def leaks_into(self, text: str) -> bool:
        """Whether `text` repeats a whole line of the standing words."""
        folded = _folded(text)
        return any(tell in folded for tell in self._tells)


def load_prompts(folder: Path) -> Mapping[str, Prompt]:
    """Read every `*.md` of `folder` by name; raises `PromptError` at the first wrong one."""
    prompts: dict[str, Prompt] = {}
    for path in sorted(folder.glob("*.md")):
        prompt = _parse(path)
        if prompt.name in prompts:
            raise PromptError(f"{path.name}: the name {prompt.name!r} is used twice")
        prompts[prompt.name] = prompt
    if not prompts:
        raise PromptError(f"no prompt files in {folder}")
    return prompts


def _parse(path: Path) -> Prompt:
    parts = _PARTS.match(path.read_text(encoding="utf-8"))
    if parts is None:
        raise PromptError(f"{path.name}: expected +++ header +++ words === data === data")
    header = _header(path, parts[1])
    system, data = parts[2].strip(), parts[3].strip()
    if _PLACEHOLDER.search(system):
        raise PromptError(f"{path.name}: placeholders belong below the === data === line")
    used = frozenset(_PLACEHOLDER.findall(data))
    _same(path, "placeholders and inputs differ", used, header.inputs)
    _same(path, "example inputs and inputs differ", header.example.inputs, header.inputs)
    if re.search(r"\{\{|\}\}", _PLACEHOLDER.sub("", data)):
        raise PromptError(f"{path.name}: a placeholder is misspelt")
    if header.output not in OUTPUTS:
        raise PromptError(f"{path.name}: unknown output model {header.output!r}")
    return Prompt(
        name=header.name,
        model=header.model,
        temperature=header.temperature,
        output=OUTPUTS[header.output],
        inputs=used,
        system=system,
        data=data,
        example_inputs=header.example.inputs,
        example_output=header.example.output,
        _tells=tuple(t for line in system.split("\n") if len(t := _folded(line)) >= _LEAK_LENGTH),
    )


def _header(path: Path, text: str) -> _Header:
    try:
        return _Header.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise PromptError(f"{path.name}: header is no TOML: {error}") from error
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_url=False)
        )
        raise PromptError(f"{path.name}: bad header: {wrong}") from error


def _same(
    path: Path, complaint: str, left: frozenset[str] | Mapping[str, str], right: list[str]
) -> None:
    if odd := set(left) ^ set(right):
        raise PromptError(f"{path.name}: {complaint}: {', '.join(sorted(odd))}")


def _fenced(name: str, value: str) -> str:
    plain = clip(without_addresses(visible(value)), _INPUT_LIMIT)
    harmless = plain.replace("<", "&lt;")
    return f"<{name}>\n{harmless or '(none)'}\n</{name}>"


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
