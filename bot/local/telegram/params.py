"""The parameters of a Bot API call: query string, form, multipart or JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from bot.local.telegram.errors import Json, bad_request

_TRUE = {"true", "True", "1", "yes"}


@dataclass(frozen=True)
class Upload:
    """A file in a multipart body."""

    name: str
    mime: str
    content: bytes


@dataclass
class Params:
    """Values as they came; the accessors convert and raise Telegram's 400."""

    values: dict[str, Any] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)

    def text(self, name: str, default: str = "") -> str:
        """A string; numbers are written out."""
        value = self.values.get(name, default)
        return value if isinstance(value, str) else str(value)

    def integer(self, name: str, default: int = 0) -> int:
        """A whole number."""
        value = self.values.get(name)
        if value is None or value == "":
            return default
        try:
            return int(value)
        except (TypeError, ValueError):
            raise bad_request(f"parameter {name} must be a number") from None

    def flag(self, name: str) -> bool:
        """A Boolean, in any of the spellings of a form."""
        return str(self.values.get(name, "")) in _TRUE

    def given(self, name: str) -> bool:
        """Whether the parameter came and is not empty."""
        return self.values.get(name) not in (None, "")

    def document(self, name: str) -> Json:
        """A JSON object, empty when absent."""
        value = self._json(name, {})
        if not isinstance(value, dict):
            raise bad_request(f"object expected as {name}")
        return value

    def array(self, name: str) -> list[Any]:
        """A JSON array, empty when absent."""
        value = self._json(name, [])
        if not isinstance(value, list):
            raise bad_request(f"expected an Array as {name}")
        return value

    def _json(self, name: str, default: object) -> object:
        value = self.values.get(name)
        if value is None or value == "":
            return default
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise bad_request(f"can't parse {name.replace('_', ' ')} JSON object") from None


def read_params(query: bytes, content_type: str, body: bytes) -> Params:
    """All parameters of a call; the body wins over the query string."""
    params = Params(dict(parse_qsl(query.decode(), keep_blank_values=True)) if query else {})
    if not body:
        return params
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json":
        params.values |= _json_object(body)
    elif kind == "multipart/form-data":
        _read_multipart(content_type, body, params)
    else:
        params.values |= parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    return params


def _json_object(body: bytes) -> Json:
    try:
        value = json.loads(body)
    except ValueError:
        raise bad_request("can't parse request JSON object") from None
    if not isinstance(value, dict):
        raise bad_request("request JSON object expected")
    return value


def _read_multipart(content_type: str, body: bytes, params: Params) -> None:
    boundary = _options(content_type).get("boundary", "").encode()
    if not boundary:
        raise bad_request("multipart boundary expected")
    for part in body.split(b"--" + boundary)[1:]:
        head, separator, content = part.partition(b"\r\n\r\n")
        if not separator:
            continue
        headers = _headers(head.decode("utf-8", "replace"))
        options = _options(headers.get("content-disposition", ""))
        content = content.removesuffix(b"\r\n")
        name = options.get("name", "")
        if "filename" in options:
            mime = headers.get("content-type", "application/octet-stream")
            params.uploads[name] = Upload(options["filename"], mime, content)
        else:
            params.values[name] = content.decode("utf-8", "replace")


def _headers(head: str) -> Mapping[str, str]:
    pairs = (line.partition(":") for line in head.strip().split("\r\n"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _options(header: str) -> Mapping[str, str]:
    pairs = (option.partition("=") for option in header.split(";")[1:])
    return {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}
