"""Bulk reads as both twins ask for them: requests for whole lists, and Arrow tables from the answers.

A request is a path and its query; an answer is the bytes of an Arrow stream, perhaps cut off. What has keys
of the users' own choice comes as maps and is spread over columns of its own (``params.lr``, ``metrics.auc``,
``tags.team``), since that is what one computes with.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from lineage_server.client.checking import check, told
from lineage_server.client.finding import (
    ARTIFACTS,
    MODEL_VERSIONS,
    MODELS,
    RUNS,
    VERSIONS,
    Listing,
    filter_of,
    order_of,
    wanted_of,
    words_in,
)
from lineage_server.client.frames import arrow
from lineage_server.client.graphql import data_from
from lineage_server.domain.errors import InvalidInputError, LimitError, UnavailableError
from lineage_server.domain.ids import clean_project, clean_run_id

if TYPE_CHECKING:
    import pyarrow as pa

    from lineage_server.client.config import Config
    from lineage_server.client.graphql import Fetched

_PATH = "/api/v1/bulk"
_RUNS_AT_ONCE = 200
"""Named in one request: its line must not grow without end."""
_MOST_COLUMNS = 5_000
_SPREAD = ("params", "metrics", "tags")
_ERROR = b"lineage-error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A list to be read whole; ``spread``: maps become columns."""

    path: str
    query: Mapping[str, str | list[str]] = field(default_factory=dict[str, "str | list[str]"])
    spread: bool = False


def given(**find: Any) -> dict[str, Any]:
    """Arguments of a call without those that nobody gave; ``wide`` has no None."""
    return {name: value for name, value in find.items() if value is not None or name == "wide"}


def runs(config: Config, find: Mapping[str, Any]) -> Read:
    return _list("runs", RUNS, config, find)


def edges(config: Config, find: Mapping[str, Any]) -> Read:
    return replace(_list("lineage", RUNS, config, find), spread=False)


def artifacts(config: Config, find: Mapping[str, Any]) -> Read:
    return _list("artifacts", ARTIFACTS, config, find)


def models(config: Config, find: Mapping[str, Any]) -> Read:
    return _list("models", MODELS, config, find)


def versions(config: Config, of: object, find: Mapping[str, Any]) -> Read:
    """Of a registered model by its name, or of an artifact as ``type:name``."""
    name = of.strip() if isinstance(of, str) else ""
    if not name:
        raise InvalidInputError(
            f"versions are asked of {told(of)}",
            field="of",
            allowed="an artifact such as 'dataset:iris', or a registered model's name such as 'churn'",
        )
    if ":" in name and not (name.startswith("model:") and "/" in name):
        return _list("versions", VERSIONS, config, find, artifact=name)
    return _list("versions", MODEL_VERSIONS, config, find, model=name)


def metrics(config: Config, runs: object, keys: object, find: Mapping[str, Any]) -> list[Read]:
    """Points of runs that are named, in groups; or of those that are looked for."""
    chosen = [] if keys is None else words_in(_several(keys, "keys"), "keys", "a name, or several")
    asked = {"key": chosen} if chosen else {}
    if runs is None:
        return [replace(_list("metrics", RUNS, config, find, **asked), spread=False)]
    if find:
        raise InvalidInputError(
            "runs are named, and looked for as well",
            field=next(iter(find)),
            allowed="runs that are named, or conditions",
        )
    arrow()
    uids = list(dict.fromkeys(f"run:{_run_id(one)}" for one in _several(runs, "runs")))
    return [
        Read(path=f"{_PATH}/metrics", query={"run": uids[first : first + _RUNS_AT_ONCE], **asked})
        for first in range(0, len(uids), _RUNS_AT_ONCE)
    ]


def _list(
    name: str, listing: Listing, config: Config, find: Mapping[str, Any], **more: str | list[str]
) -> Read:
    """A list with what is looked for in it; raises InvalidInputError."""
    arrow()
    beside = dict(find)
    limit, project, wide = beside.pop("limit", None), beside.pop("project", None), beside.pop("wide", True)
    project = config.project if project is None else project
    check("project", project)
    check("wide", wide)
    query = dict(more)
    if project != "*":
        query["project"] = clean_project(project)
    wanted = wanted_of(listing, beside)
    if conditions := filter_of(listing, wanted):
        query["filter"] = json.dumps(conditions)
    if (order := order_of(listing, wanted)) is not None:
        query["orderBy"] = json.dumps(order)
    if limit is not None:
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
            raise InvalidInputError(f"limit is {told(limit)}", field="limit", allowed="a number, 1 or more")
        query["limit"] = str(limit)
    return Read(path=f"{_PATH}/{name}", query=query, spread=bool(wide))


def _several(value: object, name: str) -> Iterable[object]:
    """One or many; of a table of runs its column of uids. Raises InvalidInputError."""
    if isinstance(value, str) or hasattr(value, "id"):
        return [value]
    table = cast(Any, value)
    if "uid" in getattr(value, "column_names", ()):
        return cast("list[object]", table["uid"].to_pylist())
    if hasattr(value, "columns") and "uid" in table.columns:
        return cast("Iterable[object]", table["uid"])
    if isinstance(value, Iterable):
        return cast("Iterable[object]", value)
    raise InvalidInputError(
        f"{name} is {told(value)}",
        field=name,
        allowed="a run, its id, several of them, or a table that runs() answered"
        if name == "runs"
        else "a name, or several",
    )


def _run_id(value: object) -> str:
    found = getattr(value, "id", value)
    if not isinstance(found, str):
        raise InvalidInputError(f"runs has {told(value)}", field="runs", allowed="runs, or their ids")
    return clean_run_id(found.removeprefix("run:"))


# --- answers --------------------------------------------------------------------------------


def table_from(reads: Sequence[Read], answers: Sequence[Fetched]) -> pa.Table:
    """The table that the requests answer together; raises the domain error that any of them holds."""
    pa = arrow()
    tables = [_table(one) for one in answers]
    if not tables:
        return _no_points()
    whole = pa.concat_tables(tables).unify_dictionaries()
    return _spread(whole) if reads[0].spread else whole


def _no_points() -> Any:
    pa = arrow()
    name = pa.dictionary(pa.int32(), pa.string())
    columns = (("run", name), ("key", name), ("step", pa.int64()), ("time", pa.timestamp("us", "UTC")))
    return pa.schema([*columns, ("value", pa.float64())]).empty_table()


def _table(fetched: Fetched) -> Any:
    pa = arrow()
    if fetched.status != 200:
        data_from(fetched.status, fetched.body.getvalue(), fetched.url)
    batches: list[Any] = []
    schema: Any = None
    try:
        with pa.ipc.open_stream(pa.py_buffer(fetched.body.getbuffer())) as stream:
            schema = stream.schema
            while True:
                batch, more = stream.read_next_batch_with_custom_metadata()
                if more is not None and _ERROR in more:
                    data_from(0, more[_ERROR], fetched.url)
                batches.append(batch)
    except StopIteration:
        if fetched.broken:
            raise _broke_off(fetched) from None
        return pa.Table.from_batches(batches, schema=schema)
    except (pa.ArrowInvalid, OSError):
        raise _broke_off(fetched) from None


def _broke_off(fetched: Fetched) -> UnavailableError:
    why = f": {fetched.broken}" if fetched.broken else ""
    return UnavailableError(
        f"the answer of {fetched.url} broke off in the middle{why}; nothing of it is used, ask again",
        part="server",
    )


def _spread(table: Any) -> Any:
    """Maps as columns, in the order of their keys, where the map stood."""
    columns: dict[str, Any] = {}
    for name in table.column_names:
        if name in _SPREAD:
            spread = _columns_of(name, table[name])
            columns |= {f"{name}.{key}": spread[key] for key in sorted(spread)}
        else:
            columns[name] = table[name]
    if len(columns) > _MOST_COLUMNS:
        raise LimitError(
            f"the table would have {len(columns)} columns; ask for fewer rows, or with wide=False, which "
            "keeps params, metrics and tags as maps",
            limit=_MOST_COLUMNS,
            actual=len(columns),
        )
    return arrow().table(columns)


def _columns_of(name: str, maps: Any) -> dict[str, Any]:
    pa = arrow()
    values: dict[str, list[Any]] = {}
    rows = len(maps)
    for place, pairs in enumerate(maps.to_pylist()):
        for key, value in pairs or ():
            values.setdefault(key, [None] * rows)[place] = value
    if name != "params":
        kind = pa.float64() if name == "metrics" else pa.string()
        return {key: pa.array(column, kind) for key, column in values.items()}
    return {key: _parameter(column) for key, column in values.items()}


def _parameter(texts: list[str | None]) -> Any:
    """Values of one parameter: of the narrowest type that holds them all, else text."""
    pa = arrow()
    values = [None if text is None else json.loads(text) for text in texts]
    kinds: set[type] = {type(value) for value in values if value is not None}
    if kinds and kinds <= {int, float}:
        return pa.array(values, pa.float64() if float in kinds else pa.int64())
    if kinds == {bool}:
        return pa.array(values, pa.bool_())
    return pa.array(
        [value if value is None or isinstance(value, str) else json.dumps(value) for value in values]
    )
