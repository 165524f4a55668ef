"""All subscriptions as one type."""

from __future__ import annotations

import strawberry

from lineage_server.api.gql.subscriptions.catalog import CatalogSubscriptions
from lineage_server.api.gql.subscriptions.intake import IntakeSubscriptions
from lineage_server.api.gql.subscriptions.lineage import LineageSubscriptions
from lineage_server.api.gql.subscriptions.news import NewsSubscriptions
from lineage_server.api.gql.subscriptions.runs import RunSubscriptions


@strawberry.type
class Subscription(
    RunSubscriptions, CatalogSubscriptions, LineageSubscriptions, IntakeSubscriptions, NewsSubscriptions
):
    """What can be followed live."""
