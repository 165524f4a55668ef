"""What people look for, as the contract's lists are asked for it; what is wrong is told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from lineage_server.client.finding import (
    ARTIFACTS,
    DEPLOYMENTS,
    MODEL_VERSIONS,
    MODELS,
    RUNS,
    VERSIONS,
    Listing,
    Wanted,
    filter_of,
    order_of,
)
from lineage_server.domain.errors import InvalidInputError

WHEN = datetime(2026, 3, 3, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("listing", "wanted", "asked"),
    [
        (RUNS, Wanted(), {}),
        (RUNS, Wanted(text="iris churn"), {"text": "iris churn"}),
        (RUNS, Wanted(state="complete"), {"states": ["COMPLETE"]}),
        (RUNS, Wanted(state=["Failed", "aborted"]), {"states": ["FAILED", "ABORTED"]}),
        (MODELS, Wanted(state="archived"), {"states": ["archived"]}),
        (MODEL_VERSIONS, Wanted(state="ready"), {"states": ["READY"]}),
        (DEPLOYMENTS, Wanted(state="Running"), {"states": ["running"]}),
        (ARTIFACTS, Wanted(kind=("dataset", "model")), {"kinds": ["dataset", "model"]}),
        (RUNS, Wanted(tag={"a": 1, "b": None}), {"tags": [{"key": "a", "value": "1"}, {"key": "b"}]}),
        (RUNS, Wanted(tag=["a=1=2", "b"]), {"tags": [{"key": "a", "value": "1=2"}, {"key": "b"}]}),
        (RUNS, Wanted(by=["kim ", "Lee Ha"]), {"by": ["kim", "Lee Ha"]}),
        (RUNS, Wanted(since=WHEN), {"startedAfter": "2026-03-03T09:00:00+00:00"}),
        (VERSIONS, Wanted(until="2026-03-03T09:00:00Z"), {"sealedBefore": "2026-03-03T09:00:00+00:00"}),
    ],
)  # fmt: skip
def test_what_is_looked_for(listing: Listing, wanted: Wanted, asked: dict[str, Any]) -> None:
    assert filter_of(listing, wanted) == asked


@pytest.mark.parametrize(
    ("text", "key", "op", "value"),
    [
        ("auc>0.9", "auc", "GT", 0.9),
        (" val/auc >= 1e-3 ", "val/auc", "GE", 0.001),
        ("a b<-1", "a b", "LT", -1.0),
        ("loss!=0", "loss", "NE", 0.0),
        ("loss==2", "loss", "EQ", 2.0),
        ("loss", "loss", "EXISTS", None),
        ("loss=inf", "loss", "EQ", "inf"),
    ],
)
def test_a_metric_is_compared_with_a_number(text: str, key: str, op: str, value: Any) -> None:
    said = {} if value is None else {"value": value}
    assert filter_of(RUNS, Wanted(metric=text)) == {"metrics": [{"key": key, "op": op, **said}]}


@pytest.mark.parametrize(
    ("text", "op", "value"),
    [
        ("lr<0.1", "LT", "0.1"),
        ("lr=adam w", "EQ", "adam w"),
        ("lr~res", "CONTAINS", "res"),
        ("lr=true", "EQ", True),
        ("lr='true'", "EQ", "true"),
        ('lr="a=b"', "EQ", "a=b"),
        ("lr=a=b", "EQ", "a=b"),
    ],
)
def test_a_parameter_is_compared_with_whatever_it_is(text: str, op: str, value: Any) -> None:
    assert filter_of(RUNS, Wanted(param=[text])) == {"params": [{"key": "lr", "op": op, "value": value}]}


@pytest.mark.parametrize(
    ("listing", "sort", "asked"),
    [
        (RUNS, "-auc", {"metric": "auc", "direction": "DESC"}),
        (RUNS, "auc", {"metric": "auc", "direction": "ASC"}),
        (RUNS, "-metric:name", {"metric": "name", "direction": "DESC"}),
        (RUNS, "param:lr", {"param": "lr", "direction": "ASC"}),
        (RUNS, "-started", {"by": "STARTED", "direction": "DESC"}),
        (VERSIONS, "size", {"by": "SIZE", "direction": "ASC"}),
        (MODEL_VERSIONS, "-acc", {"metric": "acc", "direction": "DESC"}),
        (ARTIFACTS, "-updated", {"by": "UPDATED", "direction": "DESC"}),
        (ARTIFACTS, None, None),
    ],
)
def test_an_order_is_a_name(listing: Listing, sort: str | None, asked: dict[str, Any] | None) -> None:
    assert order_of(listing, Wanted(sort=sort)) == asked


@pytest.mark.parametrize(
    ("listing", "wanted", "field", "words"),
    [
        (RUNS, Wanted(metric="auc>high"), "metric", "such as 'auc>0.9'"),
        (RUNS, Wanted(metric="auc>"), "metric", "such as 'auc>0.9'"),
        (RUNS, Wanted(metric=">0.9"), "metric", "such as 'auc>0.9'"),
        (RUNS, Wanted(metric=""), "metric", "such as 'auc>0.9'"),
        (RUNS, Wanted(metric="auc~9"), "metric", "such as 'auc>0.9'"),
        (RUNS, Wanted(metric="auc=>9"), "metric", "such as 'auc>0.9'"),
        (RUNS, Wanted(metric=[9]), "metric", "such as 'auc>0.9'"),  # pyright: ignore[reportArgumentType]
        (RUNS, Wanted(param="=3"), "param", "such as 'lr<0.1'"),
        (RUNS, Wanted(tag="=3"), "tag", "such as 'team=vision'"),
        (RUNS, Wanted(state="done"), "state", "complete"),
        (RUNS, Wanted(kind="data"), "kind", "training"),
        (RUNS, Wanted(since="yesterday"), "since", "2026-05-01"),
        (ARTIFACTS, Wanted(metric="auc>0.9"), "metric", "text, kind, tag"),
        (VERSIONS, Wanted(state="ready"), "state", "text, tag, since, until"),
        (ARTIFACTS, Wanted(sort="-auc"), "sort", "name, created, updated"),
        (RUNS, Wanted(sort="size:up"), "sort", "a metric"),
        (RUNS, Wanted(sort="-"), "sort", "started"),
        (RUNS, Wanted(by=7), "by", "names"),  # pyright: ignore[reportArgumentType]
        (ARTIFACTS, Wanted(by="kim"), "by", "text, kind, tag"),
        (RUNS, Wanted(text=3), "text", "words"),  # pyright: ignore[reportArgumentType]
    ],
)
def test_what_is_wrong_is_told_with_what_would_do(
    listing: Listing, wanted: Wanted, field: str, words: str
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        _ = filter_of(listing, wanted), order_of(listing, wanted)
    assert refused.value.field == field
    assert words in refused.value.allowed
