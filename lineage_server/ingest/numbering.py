"""Version numbers that the sender of an event cannot know.

Who registers a version without a number, offline or beside others, names what it was made from; the
number is given here, inside the writer, before the event is planned and stored. So two who register at
once get two numbers, the same content registered again keeps its number, and a replay of the stored
events finds the numbers in them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from lineage_server.domain import ids
from lineage_server.domain.errors import InvalidInputError, LineageError
from lineage_server.domain.events import AliasSet, ModelVersionReported
from lineage_server.graph.write import WriteSession
from lineage_server.ingest.decode import decode, with_version
from lineage_server.ingest.identity import is_number
from lineage_server.ingest.verdicts import Entry, Unnumbered, inflate, refuse


async def give_numbers(entries: list[Entry], session: WriteSession) -> None:
    """Fill in the version of each event that lacks one; what cannot be numbered is refused."""
    for entry in entries:
        _check_model(entry)
    asked = [(entry.uid, event) for entry in entries if (event := _unnumbered(entry)) is not None]
    if not asked:
        return
    stored = await session.raw_events([uid for uid, _ in asked])
    numbers = _Numbers()
    await numbers.load((event for _, event in asked), session)
    for entry in entries:
        event = _unnumbered(entry)
        if event is not None:
            _number(entry, event, stored.get(entry.uid), numbers)
        elif isinstance(entry.event, ModelVersionReported) and entry.refusal is None:
            numbers.note(entry.event)


def _unnumbered(entry: Entry) -> Unnumbered | None:
    """The event as it came, where the writer has to say which version it speaks of."""
    event = entry.asked or entry.event
    if entry.refusal is not None or not isinstance(event, ModelVersionReported | AliasSet) or event.version:
        return None
    return event if isinstance(event, ModelVersionReported) or event.origin else None


def _check_model(entry: Entry) -> None:
    """Refuse what names no model that could be, by itself: the others of the batch are numbered."""
    event = _unnumbered(entry)
    try:
        if event is not None:
            _model_of(event)
    except LineageError as error:
        refuse(entry, error)


def _number(entry: Entry, event: Unnumbered, stored: bytes | None, numbers: _Numbers) -> None:
    entry.asked, entry.asked_raw, entry.facts = event, entry.asked_raw or entry.raw, []
    try:
        version = _version_in(stored) if stored is not None else numbers.of(event)
    except LineageError as error:
        refuse(entry, error)
        return
    entry.event = replace(event, version=version)
    entry.raw = with_version(entry.asked_raw, version)
    verdicts = entry.request.verdicts
    verdicts[entry.index] = replace(verdicts[entry.index], version=version)


def _version_in(stored: bytes) -> str:
    """The number that the event was given when it came for the first time."""
    raw = inflate(stored)
    return str(getattr(decode(raw, max_event_bytes=len(raw)), "version", None) or "")


@dataclass(slots=True)
class _Numbers:
    """By model: its highest number, and which version was made from which artifact version."""

    highest: dict[str, int] = field(default_factory=dict[str, int])
    made_from: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])

    async def load(self, events: Iterable[Unnumbered], session: WriteSession) -> None:
        pairs = {(_model_of(event), event.origin or "") for event in events}
        rows = [{"model": model, "origin": origin} for model, origin in sorted(pairs)]
        for row in await session.numbered_models(rows):
            self.highest[row["model"]] = max(self.highest.get(row["model"], 0), row["highest"] or 0)
            if row["version"]:
                self.made_from[row["model"], row["origin"]] = row["version"]

    def note(self, event: ModelVersionReported) -> None:
        """What somebody before has numbered themselves."""
        if is_number(event.version):
            model = ids.model_uid(event.project, ids.normal(event.model))
            self.highest[model] = max(self.highest.get(model, 0), int(event.version))

    def of(self, event: Unnumbered) -> str:
        """Raises InvalidInputError where an alias is to name what is no version of the model."""
        model, origin = _model_of(event), event.origin or ""
        known = self.made_from.get((model, origin)) if origin else None
        if known is not None:
            return known
        if isinstance(event, AliasSet):
            raise InvalidInputError(
                f"{ids.shorten(origin)!r} is no version of model {ids.shorten(event.model)!r}; "
                "nothing was changed. Register it first, or name the version",
                field="origin",
            )
        self.highest[model] = number = self.highest.get(model, 0) + 1
        if origin:
            self.made_from[model, origin] = str(number)
        return str(number)


def _model_of(event: Unnumbered) -> str:
    return ids.model_uid(ids.clean_project(event.project), ids.clean_name(event.model, "model"))
