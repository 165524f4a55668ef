"""The one error tree; every transport renders it from one table (``api/errors.py``).

LineageError
├── InvalidInputError       what was sent is wrong; says which field and what is allowed
├── NotAuthenticatedError   nobody said who they are, or the token is not valid (any more)
├── NotFoundError           it is not there, or it is not yours to see
├── ForbiddenError          you may see it, but not do this; names the missing permission
├── ConflictError           something else stands there already, or moved meanwhile
├── LimitError              a limit was met; says the limit, what was asked, how to ask for less
├── UnavailableError        a part is away; says which, and when to try again
└── NotSupportedError       not offered; says since when or where instead

A message says what happened, what is safe, what to do. Anything outside this tree is a
defect: transports mask it and log it.
"""

from __future__ import annotations

from typing import ClassVar, TypeAlias

Detail: TypeAlias = str | int | float | list[str]
"""What an error may say of itself, by name."""


class LineageError(Exception):
    """Base of every expected failure.

    ``code`` is the stable name on all transports, ``http_status`` the REST answer,
    ``exit_code`` the CLI's.
    """

    code: ClassVar[str] = "INTERNAL"
    http_status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1
    retriable: ClassVar[bool] = False

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def details(self) -> dict[str, Detail]:
        """Machine-readable facts beside the message; never secrets."""
        return {}


class InvalidInputError(LineageError):
    """What was sent is malformed; ``field`` names the place, ``allowed`` what would do."""

    code = "BAD_INPUT"
    http_status = 400
    exit_code = 2

    def __init__(self, message: str, *, field: str = "", allowed: str = "") -> None:
        super().__init__(message)
        self.field = field
        self.allowed = allowed

    def __str__(self) -> str:
        """The message, and what would do instead, where it has not said so: for who sees no details."""
        if not self.allowed or self.allowed in self.message:
            return self.message
        return f"{self.message.rstrip('.')}; allowed: {self.allowed}"

    def details(self) -> dict[str, Detail]:
        return {k: v for k, v in (("field", self.field), ("allowed", self.allowed)) if v}


class NotAuthenticatedError(LineageError):
    """No valid credentials came with the request."""

    code = "UNAUTHENTICATED"
    http_status = 401
    exit_code = 3


class NotFoundError(LineageError):
    """The thing is not there, or is not visible to the caller (the answer is the same).

    ``hint``: what else to ask, for who writes programs; commands have their own."""

    code = "NOT_FOUND"
    http_status = 404
    exit_code = 4

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}{self.hint}"


class ForbiddenError(LineageError):
    """The caller may see the thing but lacks ``permission``."""

    code = "FORBIDDEN"
    http_status = 403
    exit_code = 3

    def __init__(self, message: str, *, permission: str = "") -> None:
        super().__init__(message)
        self.permission = permission

    def details(self) -> dict[str, Detail]:
        return {"permission": self.permission} if self.permission else {}


class ConflictError(LineageError):
    """Something else stands there; ``current`` says what."""

    code = "CONFLICT"
    http_status = 409
    exit_code = 5

    def __init__(self, message: str, *, current: str = "") -> None:
        super().__init__(message)
        self.current = current

    def details(self) -> dict[str, Detail]:
        return {"current": self.current} if self.current else {}


class LimitError(LineageError):
    """A limit was met: ``limit`` and ``actual`` share one unit, named in the message."""

    code = "LIMIT"
    http_status = 413
    exit_code = 6

    def __init__(self, message: str, *, limit: float = 0, actual: float = 0) -> None:
        super().__init__(message)
        self.limit = limit
        self.actual = actual

    def details(self) -> dict[str, Detail]:
        return {"limit": self.limit, "actual": self.actual} if self.limit else {}


class UnavailableError(LineageError):
    """``part`` is away for now; the same request is safe to repeat."""

    code = "UNAVAILABLE"
    http_status = 503
    exit_code = 7
    retriable = True

    def __init__(self, message: str, *, part: str = "", retry_after_seconds: float = 1.0) -> None:
        super().__init__(message)
        self.part = part
        self.retry_after_seconds = retry_after_seconds

    def details(self) -> dict[str, Detail]:
        return {"part": self.part, "retryAfterSeconds": self.retry_after_seconds}


class NotSupportedError(LineageError):
    """The product (or this engine, or this version) does not offer that."""

    code = "NOT_SUPPORTED"
    http_status = 501
    exit_code = 8


ERRORS: tuple[type[LineageError], ...] = (
    InvalidInputError,
    NotAuthenticatedError,
    NotFoundError,
    ForbiddenError,
    ConflictError,
    LimitError,
    UnavailableError,
    NotSupportedError,
)
