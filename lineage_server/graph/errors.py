"""What can go wrong at the graph, and how the driver's errors become the product's.

The driver's own classes stop here: everything above ``graph/`` sees the error tree of the domain.
Wrong Cypher is no expected failure and passes through unchanged, as a defect.
"""

from __future__ import annotations

import logging

from neo4j import exceptions as driver

from lineage_server.domain.errors import ConflictError, LimitError, UnavailableError

logger = logging.getLogger(__name__)

TERMINATED = frozenset(
    {
        "Neo.ClientError.Transaction.Terminated",
        "Neo.TransientError.Transaction.Terminated",
        "Neo.ClientError.Transaction.TransactionTimedOut",
        "Neo.ClientError.Transaction.TransactionTimedOutClientConfiguration",
        "Neo.TransientError.Transaction.LockClientStopped",
    }
)
"""Codes of a statement that was stopped from outside; what it did is rolled back."""

_UNFINISHED = "Neo.ClientError.Transaction.TransactionNotFound"
"""What the embedded engine answers to a COMMIT that failed inside, on a full disk for one."""

_OVERTAKEN = "Neo.ClientError.Statement.EntityNotFound"
"""What Neo4j answers where a node was deleted between being found and being locked."""

_AWAY = (
    driver.ServiceUnavailable,
    driver.SessionExpired,
    driver.DatabaseUnavailable,
    driver.ConnectionAcquisitionTimeoutError,
    driver.ConnectionPoolError,
    OSError,
)


class GraphAwayError(UnavailableError):
    """No answer: the connection could not be made or broke. A write may or may not be there."""


class TransientGraphError(UnavailableError):
    """The server rolled the statement back (deadlock, concurrent change): try again."""


class DuplicateKeyError(ConflictError):
    """A node with this unique key exists already; the statement is rolled back."""


class TooLargeError(LimitError):
    """The statement is larger than one may be; nothing of it was done."""


class RebuildingError(UnavailableError):
    """A rebuild is under way, or failed half-way: the graph takes nothing else."""

    def __init__(self) -> None:
        super().__init__(
            "the graph is being rebuilt from its stored events, or that failed half-way; nothing of this "
            "is acknowledged, send the same again later. If it lasts, 'lineage rebuild' starts it again",
            part="graph",
            retry_after_seconds=5.0,
        )


class OverdueQueryError(LimitError):
    """The statement ran longer than it may and was stopped; what it did is rolled back."""


def hangs(timeout_seconds: float) -> GraphAwayError:
    return GraphAwayError(
        f"the graph has said nothing for {timeout_seconds:.1f} s; what was acknowledged is safe, try again",
        part="graph",
    )


def overdue(timeout_seconds: float) -> OverdueQueryError:
    return OverdueQueryError(
        f"the graph was not done after {timeout_seconds:.1f} s, so the question was stopped; "
        "ask for less (smaller depth, budget or page) or narrow the filter",
        limit=timeout_seconds,
    )


def translate(error: Exception, *, what: str = "the graph") -> Exception:
    """The product's error for one of the driver's; anything unforeseen comes back unchanged."""
    if isinstance(error, driver.Neo4jError):
        return _translate_answer(error, what)
    if isinstance(error, _AWAY):
        return GraphAwayError(
            f"{what} does not answer ({type(error).__name__}); what was acknowledged is safe, try again",
            part="graph",
        )
    return error


def _translate_answer(error: driver.Neo4jError, what: str) -> Exception:
    code = error.code or ""
    if code.endswith("ConstraintValidationFailed"):
        return DuplicateKeyError("something with this key was created at the same moment; try again")
    if code == _UNFINISHED:
        return GraphAwayError(
            f"{what} could not finish a transaction ({code}): is its disk full? Its log has the details, "
            "try again once it has room",
            part="graph",
        )
    if code in TERMINATED:
        return TransientGraphError("the statement was stopped on the server; try again", part="graph")
    if code == _OVERTAKEN:
        return TransientGraphError("something was deleted at the same moment; try again", part="graph")
    if isinstance(error, _AWAY):
        return GraphAwayError(f"{what} does not answer ({code}); try again", part="graph")
    if isinstance(error, driver.TransientError):
        return TransientGraphError(
            f"{what} is busy ({code}); try again", part="graph", retry_after_seconds=0.2
        )
    if isinstance(error, driver.AuthError):
        return UnavailableError(
            f"{what} refuses the login ({code}); check user and password of the graph", part="graph"
        )
    if code.startswith("Neo.ClientError.Database.") or "DatabaseNotFound" in code:
        return UnavailableError(f"{what} has no such database ({code}); check its name", part="graph")
    if isinstance(error, driver.DatabaseError):
        # Disk full, out of memory, a defect of the server: the details are for its operator.
        logger.error("the graph failed: %s %s", code, error.message)
        return UnavailableError(f"{what} failed inside ({code}); its log has the details", part="graph")
    return error
