"""The error tree: what a user may read, what an edge did, and (anything else) a bug.

SeiTraderError
|-- UserError            shown to the user as it is
|   `-- Refused          a trade or transfer our own limits said no to
|-- UpstreamError        an edge failed; `retryable` says whether trying again may help
|   `-- AnswerBlockedError  the model's provider refused to answer for safety reasons
|-- StorageBusyError     the database did not take a write in time; nothing of it was written
`-- SettingsError        the process cannot start
"""


class SeiTraderError(Exception):
    """Root of every error the product raises on purpose."""


class UserError(SeiTraderError):
    """A plain sentence for the user: what happened, whether money moved, what to do. Never HTML."""


class UpstreamError(SeiTraderError):
    """An edge failed.

    Args:
        edge: `telegram`, `gemini`, `market` or `chain`.
        reason: for the log; holds no secret.
        retryable: whether the same call may succeed later.
    """

    def __init__(self, edge: str, reason: str, *, retryable: bool) -> None:
        super().__init__(f"{edge}: {reason}")
        self.edge = edge
        self.reason = reason
        self.retryable = retryable


class AnswerBlockedError(UpstreamError):
    """The model's provider refused this question or answer by its safety rules; final."""


class AnswerUnusableError(UpstreamError):
    """The model answered, but not in a way that can be believed; asking again may help."""


class StorageBusyError(SeiTraderError):
    """The database is busy, out of room or cannot be reached now, or took back what it was told.

    Reads and writes alike; the same call may succeed later.
    """


class SettingsError(SeiTraderError):
    """Settings are missing or wrong; the text lists all of them."""
