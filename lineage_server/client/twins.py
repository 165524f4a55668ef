"""``Twin``: what coroutines hold of something that threads hold, and the one way back from it.

A twin stands for its ``plain`` object and keeps nothing of its own. What each offers is in ``aio_run`` and
``aio_handles``.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from lineage_server.client.artifact import Artifact
    from lineage_server.client.registered import Alias, Approval, ModelVersion, RegisteredModel
    from lineage_server.client.run import Run

P = TypeVar("P", covariant=True)
T = TypeVar("T", bound="str | Artifact | ModelVersion | RegisteredModel | Run | Alias | Approval | None")


@dataclass(frozen=True, slots=True, repr=False)
class Twin(Generic[P]):
    """Equal to another of an equal ``plain``, and shown as that is."""

    plain: P

    def __repr__(self) -> str:
        return repr(self.plain)

    def __str__(self) -> str:
        return str(self.plain)

    @abstractmethod
    def _repr_html_(self) -> str:
        """For what knows no bundles: Marimo, documentation builders."""

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, str]:
        """For notebooks."""
        from lineage_server.client.render.handles import forms

        return forms(self, self._repr_html_, include, exclude)


def plain(given: Twin[P] | T) -> P | T:
    """What threads hold of it; anything but a twin as it is."""
    return given.plain if isinstance(given, Twin) else given
