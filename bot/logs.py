"""Structured logs: readable while developing, JSON in production, and never a secret.

Third parties log through the same handler from WARNING on: their INFO prints URLs with tokens.
"""

import contextlib
import logging
import re
import sys
from collections.abc import Collection, Mapping
from types import TracebackType
from typing import Final, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger
from typing_extensions import override

from bot.policy.secrets import mask_secrets

_OWN: Final = ("bot", "db")
_HASH_KEYS: Final = frozenset({"tx_hash"})
_TX_HASH: Final = re.compile(r"0x[0-9a-fA-F]{64}")
_URL_PASSWORD: Final = re.compile(r"(?<=://)[^\s/@]+@")
_COINGECKO_KEY: Final = re.compile(r"CG-[A-Za-z0-9]{20,}")
_SHORTEST_SECRET: Final = 8


class Redact:
    """The last step before rendering: masks secrets in keys, values, arguments and traces.

    Transaction hashes look like private keys; they pass under the key `tx_hash` only.

    Args:
        secrets: values to mask wherever they turn up, whatever they look like.
    """

    def __init__(self, secrets: Collection[str] = ()) -> None:
        known = [re.escape(secret) for secret in secrets if len(secret) >= _SHORTEST_SECRET]
        self._known = re.compile("|".join(sorted(known, key=len, reverse=True))) if known else None

    def __call__(self, _: WrappedLogger, __: str, event: EventDict) -> EventDict:
        """A copy of the event made of plain, masked values."""
        return {self._text(key): self._value(key, value) for key, value in event.items()}

    def _value(self, key: str, value: object) -> object:
        if value is None or isinstance(value, bool | int | float):
            return value
        if key in _HASH_KEYS and isinstance(value, str) and _TX_HASH.fullmatch(value):
            return value
        if isinstance(value, Mapping):
            return {self._text(str(k)): self._value(str(k), v) for k, v in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._value(key, item) for item in value]
        if isinstance(value, bytes | bytearray):
            return f"<{len(value)} bytes>"
        return self._text(value if isinstance(value, str) else repr(value))

    def _text(self, text: str) -> str:
        if self._known is not None:
            text = self._known.sub("[secret]", text)
        text = _COINGECKO_KEY.sub("[API key]", text)
        return mask_secrets(_URL_PASSWORD.sub("[password]@", text))


def configure_logs(*, production: bool, secrets: Collection[str] = ()) -> None:
    """Set up structlog and the standard library's logging, on stderr, for the whole process.

    `secrets` are the process's own: masked by value, since a seed may look like anything.
    """
    arrive: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso" if production else "%H:%M:%S", utc=production),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *arrive,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = _Handler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=arrive,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                Redact(secrets),
                _renderer(production=production),
            ],
        )
    )
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(logging.WARNING)
    for name in _OWN:
        logging.getLogger(name).setLevel(logging.INFO)
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_crash


class _Handler(logging.StreamHandler[TextIO]):
    """Says that a line was lost, where the standard library would dump its raw content."""

    @override
    def handleError(self, record: logging.LogRecord) -> None:
        kind = sys.exc_info()[0]
        with contextlib.suppress(OSError, ValueError):
            self.stream.write(f"log line lost: {record.name}, {kind and kind.__name__}\n")


def _renderer(*, production: bool) -> Processor:
    if production:
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )


def _log_crash(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """An error nobody caught, without the secrets its text may quote."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    structlog.get_logger(__name__).critical("crashed", exc_info=(kind, error, trace))
