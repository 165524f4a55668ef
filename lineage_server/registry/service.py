"""The webhooks of a server put together from its settings."""

from __future__ import annotations

from lineage_server import __version__
from lineage_server.domain.nodes import Label
from lineage_server.graph.bolt import Bolt
from lineage_server.registry.delivering import Deliverer, Events
from lineage_server.registry.sending import Sender
from lineage_server.registry.signing import KEY_FILE, SigningKey
from lineage_server.registry.targets import networks
from lineage_server.registry.webhooks import Webhooks
from lineage_server.settings import Settings

REGISTRY = frozenset({Label.REGISTERED_MODEL, Label.MODEL_VERSION, Label.ALIAS, Label.APPROVAL})
"""A change of these may have to be told."""


def webhooks_for(settings: Settings, bolt: Bolt, events: Events) -> tuple[Webhooks, Deliverer]:
    """Raises InvalidInputError for networks that are none."""
    own = settings.webhooks
    file = None if settings.graph.uri else settings.data_path / KEY_FILE
    allowed = networks(own.allowed_networks)
    webhooks = Webhooks(bolt, SigningKey(own.key.get_secret_value(), file), allowed)
    sender = Sender(allowed=allowed, timeout_seconds=own.timeout_seconds, version=__version__)
    deliverer = Deliverer(
        bolt,
        webhooks,
        events,
        sender,
        attempts=own.attempts,
        retry_seconds=own.retry_seconds,
        kept_days=own.kept_days,
    )
    return webhooks, deliverer
