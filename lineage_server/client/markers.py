"""``Input``, ``Output``, ``Param``: what an argument or return of a tracked function is, in its annotation.

``def train(data: Annotated[pd.DataFrame, Input("iris")]) -> Annotated[Path, Output("churn", type="model")]``
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lineage_server.client.builders import clean_key, name_and_type
from lineage_server.client.checking import check
from lineage_server.domain.ids import clean_name


@dataclass(frozen=True, slots=True)
class _Data:
    """Of what artifact a value is a version."""

    name: str = ""
    type: str | None = field(default=None, kw_only=True)
    role: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        check("name", self.name)
        for each in ("type", "role"):
            if getattr(self, each) is not None:
                check(each, getattr(self, each))
        # "any" stands in: a marker without a name takes one from the argument.
        name_and_type(self.name or "any", self.type, "dataset")
        if self.role is not None:
            clean_name(self.role, "role")


@dataclass(frozen=True, slots=True)
class Input(_Data):
    """The function reads this: a frame, an array, a path, a handle, or a text that names one of them."""


@dataclass(frozen=True, slots=True)
class Output(_Data):
    """The function makes this: a return, or a path given to it that it writes to."""


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter of the run, whatever its value is; ``record=False`` leaves it out."""

    name: str = ""
    record: bool = field(default=True, kw_only=True)

    def __post_init__(self) -> None:
        check("name", self.name)
        check("record", self.record)
        if self.name:
            clean_key(self.name, "params")


Marker = Input | Output | Param
