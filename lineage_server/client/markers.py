"""``Input``, ``Output``, ``Param``: what an argument or return of a tracked function is, in its annotation.

``def train(data: Annotated[pd.DataFrame, Input("iris")]) -> Annotated[Path, Output("churn", type="model")]``
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lineage_server.client.builders import clean_key, name_and_type
from lineage_server.domain.ids import clean_name


def _check(name: str, kind: str | None, role: str | None) -> None:
    # "any" stands in: a marker without a name takes one from the argument.
    name_and_type(name or "any", kind, "dataset")
    if role is not None:
        clean_name(role, "role")


@dataclass(frozen=True, slots=True)
class Input:
    """The function reads this: a frame, an array, a path, a handle, or a text that names one of them."""

    name: str = ""
    type: str | None = field(default=None, kw_only=True)
    role: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        _check(self.name, self.type, self.role)


@dataclass(frozen=True, slots=True)
class Output:
    """The function makes this: a return, or a path given to it that it writes to."""

    name: str = ""
    type: str | None = field(default=None, kw_only=True)
    role: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        _check(self.name, self.type, self.role)


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter of the run, whatever its value is; ``record=False`` leaves it out."""

    name: str = ""
    record: bool = field(default=True, kw_only=True)

    def __post_init__(self) -> None:
        if self.name:
            clean_key(self.name, "params")


Marker = Input | Output | Param
