"""``InputsAndOutputs``: what a run reads and makes, and models that it registers.

These calls read what they record and wait for nothing else; how it is looked at is in ``recording``.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lineage_server.client import builders, recording
from lineage_server.client.artifact import Artifact
from lineage_server.client.builders import ColumnsFrom
from lineage_server.client.checking import checked
from lineage_server.domain.errors import ConflictError, InvalidInputError

if TYPE_CHECKING:
    from lineage_server.client.client import Client
    from lineage_server.client.outbox import Outbox
    from lineage_server.client.registrations import Registration
    from lineage_server.domain.events import Event

logger = logging.getLogger("lineage_server.client")


class InputsAndOutputs:
    """The half of ``Run`` that speaks of artifacts."""

    id: str
    name: str
    project: str
    client: Client
    _outbox: Outbox | None
    _ended: threading.Event
    _unknown: bool

    def _check_open(self, call: str) -> None:
        """Raises ConflictError once the run has ended: what it read, made and measured is what it is."""
        if self._ended.is_set():
            raise ConflictError(self._over(call), current="ended")

    def _over(self, call: str) -> str:
        return (
            f"run {self.name or self.id} has ended, so {call}() records nothing in it. Call it within the "
            "'with' block, or before finish(); else begin a run that goes on from this one: "
            f'start_run("{self.name or "more"}", resumed_from="{self.id}")'
        )

    def _put(self, *events: Event) -> None:
        if self._outbox is not None:
            self._outbox.put(*events)

    @checked
    def use(
        self,
        what: Any,
        role: str | None = None,
        *,
        name: str | None = None,
        type: str | None = None,
        project: str | None = None,
    ) -> Artifact:
        """Record an input, and get its handle.

        ``what``: a reference (``"dataset:iris@latest"``), an artifact of another run, a path, a frame
        (give it a ``name``), or an address such as ``s3://…``.
        """
        self._check_open("use")
        artifact, events = recording.input_of(
            self.client, self, what, role=role, name=name, kind=type, project=project
        )
        self._put(*events)
        self.client.remember(artifact)
        return artifact

    @checked
    def produce(
        self,
        name: str,
        value: Any,
        *,
        type: str | None = None,
        role: str | None = None,
        uri: str | None = None,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        columns_from: ColumnsFrom | None = None,
        partial: bool = False,
        upload: bool | None = None,
        ttl_days: float | None = None,
    ) -> Artifact:
        """Record an output, and get its handle: the same content under a name is the same version.

        ``value``: a file, a folder, a frame, bytes, JSON values, or an address (``s3://…``, recorded
        and not read). ``columns_from``: of each column the columns of inputs (by role or name) it was
        made from. ``partial``: more of it will come. Its bytes are sent to the server's store in the
        background, unless ``upload`` (or LINEAGE_UPLOAD) says otherwise; a file must not change until then.
        ``ttl_days``: after which they may go (``lineage gc``), unless it is held or registered by then.
        """
        self._check_open("produce")
        if self._unknown:
            return recording.unrecorded(self.client, self, name, value, kind=type, role=role, uri=uri)
        sends = recording.uploads(self.client, upload, partial) and self._outbox is not None
        artifact, event, content = recording.output_of(
            self.client, self, name, value, kind=type, role=role, uri=uri, description=description,
            metadata=metadata, columns_from=columns_from, partial=partial, upload=sends,
            ttl_days=ttl_days,
        )  # fmt: skip
        self._put(event)
        if not partial:
            self.client.remember(artifact, produced=True)
        if sends:
            recording.upload(self.client, artifact, content)
        return artifact

    @checked
    def log_model(
        self,
        model: Any,
        name: str,
        *,
        register: bool | str = False,
        version: str | None = None,
        aliases: str | Sequence[str] | None = None,
        example: Any = None,
        signature: Mapping[str, Any] | None = None,
        card: str | None = None,
        metrics: Mapping[str, Any] | None = None,
        tags: Mapping[str, Any] | None = None,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        role: str | None = None,
        upload: bool | None = None,
    ) -> Artifact:
        """Record a model as an output, and register it if that is asked for; waits for nobody.

        ``model``: a file, a folder, an address, or a fitted model, which is written in the format of its
        library (XGBoost, LightGBM, PyTorch's state), else by joblib or pickle. ``register``: as a version of
        the registered model of this name, or of another that is named; ``version``: by a name of its own,
        where the server would number it; ``aliases`` (which register it, too) are moved to it. ``example``:
        some rows of what goes in, from which the ``signature`` is taken where none is given; the first five
        are kept with it. ``card`` (Markdown), ``metrics`` and ``tags`` are of that version.
        """
        self._check_open("log_model")
        called = builders.name_and_type(name, "model", "model")[0]
        told = self._registration(
            called, register, version=version, aliases=aliases, card=card, metrics=metrics, tags=tags,
            signature=signature, description=description,
        )  # fmt: skip
        value, facts = (model, {}) if self._outbox is None else self._written(model, upload)
        if example is not None and self._outbox is not None:
            from lineage_server.client.model_files import signature_of, with_example

            signature = with_example(signature, example) if signature else signature_of(model, example)
        artifact = self.produce(
            called, value, type="model", role=role, description=description, upload=upload,
            metadata={**facts, **(signature or {}), **(metadata or {})} or None,
        )  # fmt: skip
        if told is not None and not self._unknown:
            uri = recording.told_place(self.client, artifact.uri)
            self._put(*told.signed(signature).events(origin=artifact.uid, uri=uri, run=self.id))
        return artifact

    def _registration(
        self, name: str, register: bool | str, *, aliases: str | Sequence[str] | None, **told: Any
    ) -> Registration | None:
        """What is to be registered, if anything; raises InvalidInputError for what nobody would keep."""
        from lineage_server.client.registrations import registration_of

        other = register if isinstance(register, str) else ""
        checked_words = registration_of(
            other or name,
            project=self.project,
            field="register" if other else "name",
            aliases=aliases,
            **told,
        )
        if register or aliases:
            return checked_words
        lost = next((word for word in ("version", "card", "metrics", "tags") if told[word]), None)
        if lost is not None:
            raise InvalidInputError(
                f"{lost} is of a version of a registered model, and this is not registered",
                field=lost,
                allowed="together with register=True; for the artifact itself there is metadata",
            )
        return None

    def _written(self, model: Any, upload: bool | None) -> tuple[Any, dict[str, Any]]:
        """The model as something that can be recorded, and facts about it."""
        from lineage_server.client.model_files import written

        made = written(model)
        if made is None:
            return model, {}
        if not recording.uploads(self.client, upload, False):
            logger.warning(
                "lineage: of the %s only what it is is recorded, its bytes go nowhere: save it to a file and "
                "pass the path, or let them be uploaded (LINEAGE_UPLOAD)",
                type(model).__name__,
            )
        return made.content, made.facts
