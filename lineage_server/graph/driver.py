"""How the neo4j driver is set up, for whichever engine."""

from __future__ import annotations

from neo4j import AsyncDriver, AsyncGraphDatabase, NotificationMinimumSeverity


def new_driver(
    uri: str, auth: tuple[str, str] | None, *, connections: int, connect_timeout_seconds: float
) -> AsyncDriver:
    """A driver with at most so many connections; it connects on first use."""
    return AsyncGraphDatabase.driver(  # pyright: ignore[reportUnknownMemberType]
        uri,
        auth=auth,
        max_connection_pool_size=connections,
        connection_timeout=connect_timeout_seconds,
        max_transaction_retry_time=0,  # whether to repeat a write, only the caller knows
        connection_acquisition_timeout=max(10.0, connect_timeout_seconds),
        # "Relationship type does not exist" on an empty graph is noise; fewer bytes, too.
        notifications_min_severity=NotificationMinimumSeverity.OFF,
        telemetry_disabled=True,
        user_agent="lineage-server/1",
    )
