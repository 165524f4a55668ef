"""Fingerprints of runs, and runs that share one, as the contract shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import strawberry

from lineage_server.api.gql.scalars import Json
from lineage_server.api.gql.types.base import RunLazily, node_of
from lineage_server.api.gql.types.values import Param
from lineage_server.domain.nodes import Reproduced
from lineage_server.tracking import fingerprint as domain
from lineage_server.tracking import repeats
from lineage_server.tracking.fingerprint import FingerprintPart, Lack
from lineage_server.tracking.repeats import RepeatVerdict

strawberry.enum(FingerprintPart)
strawberry.enum(Lack)
strawberry.enum(RepeatVerdict)
strawberry.enum(Reproduced)


@strawberry.type
class PartDigest:
    """One part of a fingerprint."""

    part: FingerprintPart
    digest: str


@strawberry.type
class MissingPart:
    """A part of which too little is known."""

    part: FingerprintPart
    lack: Lack
    names: list[str] = strawberry.field(description="of an image, or of roles of inputs")
    count: int = strawberry.field(description="of inputs that were not looked at; else 0")
    text: str = strawberry.field(description="the same in English")


@strawberry.type
class Fingerprint:
    """Digest of all that should determine what a run makes, as far as it is known."""

    digest: str
    complete: bool = strawberry.field(description="whether equal digests mean equal runs; else see missing")
    missing: list[MissingPart]
    parts: list[PartDigest] = strawberry.field(description="of those parts of which enough is known")
    seeds: list[Param] = strawberry.field(
        description="parameters, and options of the command, that set random numbers; none: chance has a part"
    )


@strawberry.type
class OutputDifference:
    """What two runs made in one role, by uid; empty where one of them made nothing in it."""

    role: str
    own: list[str]
    other: list[str]


@strawberry.type
class Repeat:
    """Another run with the same fingerprint."""

    run: RunLazily
    verdict: RepeatVerdict
    differences: list[OutputDifference]


@strawberry.type
class Repeats:
    """Runs with one fingerprint; those that made something else come first."""

    run: RunLazily
    fingerprint: Fingerprint
    repeats: list[Repeat]
    differing: int = strawberry.field(description="how many made something else")
    is_partial: bool
    reason: str


@strawberry.type
class Reproduction:
    """What came of doing a run again."""

    verdict: Reproduced
    differences: list[str] = strawberry.field(description="what differs, a line each")
    reason: str = strawberry.field(description="why it could not be done, or what else there is to know")


def reproduction_shown(told: Mapping[str, Any]) -> Reproduction | None:
    """From the property of a run; None where nothing has come of it yet."""
    if told.get("verdict") not in list(Reproduced):
        return None
    differences = cast("list[Any]", told.get("differences") or [])
    return Reproduction(
        verdict=Reproduced(told["verdict"]),
        differences=[str(one) for one in differences],
        reason=str(told.get("reason") or ""),
    )


def fingerprint_shown(value: domain.Fingerprint) -> Fingerprint:
    return Fingerprint(
        digest=value.digest,
        complete=value.complete,
        missing=list(map(_missing, value.missing)),
        parts=[PartDigest(part=part, digest=digest) for part, digest in value.parts.items()],
        seeds=[Param(key=key, value=Json(seed)) for key, seed in value.seeds.items()],
    )


def _missing(one: domain.Missing) -> MissingPart:
    return MissingPart(
        part=one.part, lack=one.lack, names=list(one.names), count=one.count, text=one.text
    )  # fmt: skip


def repeats_shown(value: repeats.Repeats, first: int) -> Repeats:
    more = len(value.repeats) > first
    return Repeats(
        run=node_of(value.run),
        fingerprint=fingerprint_shown(value.fingerprint),
        repeats=[
            Repeat(
                run=node_of(one.run),
                verdict=one.verdict,
                differences=[
                    OutputDifference(role=each.role, own=list(each.own), other=list(each.other))
                    for each in one.differences
                ],
            )
            for one in value.repeats[:first]
        ],
        differing=value.differing,
        is_partial=value.is_partial or more,
        reason=value.reason or (f"there are more than these {first}" if more else ""),
    )
