"""Bearer tokens: made, shown once, kept as a hash, limited, revoked.

A token is ``lin_`` + 256 random bits + a check sum, so that a mistyped or foreign one is refused
without asking the graph, and scanners can find a leaked one. As the secret is random and long, one
SHA-256 is enough: nobody can try them all. The graph keeps the hash; the uid is its first digits.

Personal tokens carry the rights of their subject (memberships), limited by their scopes; service
tokens have exactly the rights of their scopes. A service's subject is a name that the admin of a
project chose: it stands under an issuer of its own and gives no right to anything. Whoever uses a
token sees and ends others only as far as these reach no further than the one in use.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from lineage_server.auth.audit import audit_record
from lineage_server.auth.principal import RANK, Permission, Principal
from lineage_server.auth.recent import Recent
from lineage_server.domain import ids
from lineage_server.domain.errors import (
    ForbiddenError,
    InvalidInputError,
    LineageError,
    NotAuthenticatedError,
    NotFoundError,
)
from lineage_server.domain.nodes import Role
from lineage_server.domain.people import SERVICES, USERS
from lineage_server.graph.bolt import Bolt, Row
from lineage_server.graph.errors import DuplicateKeyError
from lineage_server.graph.queries import auth as cypher
from lineage_server.graph.queries.window import FOREVER
from lineage_server.tasks import Tasks

logger = logging.getLogger(__name__)

EVERY_PROJECT = "*"
_PREFIX = "lin_"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BODY, _CHECK = 43, 6
_NOTE_USE_EVERY_SECONDS = 60

TokenKind: TypeAlias = Literal["personal", "service"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token as it may be shown. Times in microseconds; ``scopes``: project (or ``*``) → role."""

    uid: str
    name: str
    subject: str
    kind: TokenKind
    platform_admin: bool
    scopes: Mapping[str, Role]
    created_at: int
    created_by: str
    expires_at: int | None = None
    last_used_at: int | None = None
    revoked_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """What is asked for. ``subject`` empty = the creator's own; scopes empty = no limit (personal)."""

    name: str
    kind: TokenKind = "personal"
    subject: str = ""
    scopes: Mapping[str, Role] | None = None
    platform_admin: bool = False
    expires_at: int | None = None


@dataclass(frozen=True, slots=True)
class TokenPage:
    """Some tokens, newest first, and the cursor of each."""

    tokens: tuple[Token, ...]
    cursors: tuple[str, ...]
    has_more: bool


def new_secret() -> str:
    """A new token's text."""
    body = _base62(secrets.randbits(256), _BODY)
    return _PREFIX + body + _check_sum(body)


def well_formed(text: str) -> bool:
    """Whether this can be one of our tokens at all."""
    body = text[len(_PREFIX) : -_CHECK]
    return (
        text.startswith(_PREFIX)
        and len(text) == len(_PREFIX) + _BODY + _CHECK
        and text.isascii()
        and text[-_CHECK:] == _check_sum(body)
    )


def token_uid(text: str) -> str:
    """The uid a token has in the graph."""
    return f"token:{_hash(text)[:32]}"


class Tokens:
    """Tokens in the graph; an answer is believed for ``cache_seconds``, so revoking acts that fast."""

    def __init__(self, bolt: Bolt, *, cache_seconds: float = 5.0) -> None:
        self._bolt = bolt
        self._recent: Recent[str, Token | None] = Recent(cache_seconds)
        self._noted: Recent[str, bool] = Recent(_NOTE_USE_EVERY_SECONDS)
        self._tasks = Tasks("tokens")

    async def stop(self) -> None:
        await self._tasks.settle(1.0)  # they are short: rather than cut their connections
        await self._tasks.stop(timeout_seconds=1.0)

    async def create(self, principal: Principal, wanted: NewToken, *, origin: str = "") -> tuple[Token, str]:
        """Make a token; its text is returned here and never again. Raises what forbids it."""
        _check_wanted(principal, wanted)
        text = new_secret()
        token = _new_token(text, wanted, wanted.subject or principal.subject, principal.actor)
        audit = [
            audit_record(
                principal, "createToken", token.uid, project=project, after=picture, origin=origin
            ).row()
            for project, picture in _pictures(principal, token)
        ]
        return await self._keep(text, token, audit), text

    async def adopt_admin(self, text: str) -> Token:
        """Make ``text`` a platform admin's token, where it is not one yet."""
        wanted = NewToken(name="first admin", platform_admin=True)
        return await self._keep(text, _new_token(text, wanted, "admin", "lineage/start"), [])

    async def verify(self, text: str) -> Token:
        """The live token behind ``text``; raises NotAuthenticatedError."""
        if not well_formed(text):
            raise NotAuthenticatedError("this is no token of this server; create one and send it as Bearer")
        token = await self.find(text)
        if token is None:
            raise NotAuthenticatedError("this token is not known here; create a new one")
        now = ids.now_micros()
        if token.revoked_at is not None:
            raise NotAuthenticatedError(f"the token {token.name!r} was revoked; create a new one")
        if token.expires_at is not None and token.expires_at <= now:
            raise NotAuthenticatedError(f"the token {token.name!r} has expired; create a new one")
        if self._noted.find(token.uid) is None:
            self._noted.keep(token.uid, True)
            self._tasks.start("note token use", self._note_use(token.uid, now), ends=True)
        return token

    async def list_tokens(
        self, principal: Principal, *, dead: bool = False, first: int = 100, after: str = ""
    ) -> TokenPage:
        """Own tokens and those of projects one administers; all for platform admins. Newest first."""
        at, uid = _place(after) if after else (FOREVER, "")
        parameters = {**_reach(principal), "dead": dead, "at": at, "after": uid, "limit": first + 1}
        rows = await self._bolt.read(cypher.LIST_TOKENS, parameters)
        tokens = tuple(_token(row) for row in rows[:first])
        return TokenPage(tokens, tuple(f"{t.created_at}/{t.uid}" for t in tokens), len(rows) > first)

    async def count_tokens(self, principal: Principal, *, dead: bool = False) -> int:
        """How many ``list_tokens`` has in all."""
        rows = await self._bolt.read(cypher.COUNT_TOKENS, {**_reach(principal), "dead": dead})
        return int(rows[0]["total"])

    async def revoke(self, principal: Principal, uid: str, *, origin: str = "") -> Token:
        """End a token that one may see; raises NotFoundError for any other."""
        rows = await self._bolt.read(cypher.FIND_TOKEN, {**_reach(principal), "uid": uid})
        if not rows:
            raise NotFoundError(f"token {ids.shorten(uid)!r} is not there, or not yours to see")
        now = ids.now_micros()
        audit = [
            audit_record(
                principal,
                "revokeToken",
                uid,
                project=project,
                before=picture,
                after={"revoked_at": now},
                origin=origin,
            ).row()
            for project, picture in _pictures(principal, _token(rows[0]))
        ]
        revoked = await self._bolt.write(cypher.REVOKE_TOKEN, {"uid": uid, "at": now, "audit": audit})
        self._recent.forget(uid)
        return _token(revoked[0])

    async def has_admin(self) -> bool:
        """Whether anybody can come in as platform admin."""
        rows = await self._bolt.read(cypher.COUNT_ADMIN_TOKENS, {"now": ids.now_micros()})
        return bool(rows[0]["live"])

    async def find(self, text: str) -> Token | None:
        """The token behind ``text``, dead or alive."""
        uid = token_uid(text)
        found = self._recent.find(uid)
        if found is not None:
            return found[0]
        rows = await self._bolt.read(cypher.GET_TOKEN, {"uid": uid})
        known = bool(rows) and hmac.compare_digest(str(rows[0]["hash"]), _hash(text))
        token = _token(rows[0]) if known else None
        self._recent.keep(uid, token)
        return token

    async def _keep(self, text: str, token: Token, audit: list[dict[str, Any]]) -> Token:
        properties = {
            "name": token.name,
            "subject": token.subject,
            "kind": token.kind,
            "hash": _hash(text),
            "platform_admin": token.platform_admin,
            "scopes": _scopes(token.scopes),
            "projects": sorted(token.scopes),
            "created_at": token.created_at,
            "created_by": token.created_by,
            "expires_at": token.expires_at,
        }
        parameters = {"uid": token.uid, "properties": properties, "audit": audit}
        try:
            rows = await self._bolt.write(cypher.UPSERT_TOKEN, parameters)
        except DuplicateKeyError:  # another replica adopted the same admin token at the same moment
            rows = await self._bolt.read(cypher.GET_TOKEN, {"uid": token.uid})
        self._recent.forget(token.uid)
        return _token(rows[0])

    async def _note_use(self, uid: str, at: int) -> None:
        try:
            await self._bolt.write(cypher.NOTE_TOKEN_USE, {"uid": uid, "at": at})
        except LineageError as error:  # only a courtesy: the request itself must not suffer
            logger.info("the use of %s was not noted: %s", uid, error.message)


def _check_wanted(principal: Principal, wanted: NewToken) -> None:
    if principal.scopes:
        raise ForbiddenError(
            "a limited token cannot make tokens; use one without scopes", permission=Permission.ADMIN
        )
    ids.clean_name(wanted.name, "name")
    if wanted.subject:
        ids.clean_name(wanted.subject, "subject")
    projects = [project for project in wanted.scopes or {} if project != EVERY_PROJECT]
    for project in projects:
        ids.clean_project(project)
    if not principal.platform_admin:
        _check_rights(principal, wanted, projects)
    _check_sense(wanted)


def _check_rights(principal: Principal, wanted: NewToken, projects: list[str]) -> None:
    """Nobody can hand out more than they have."""
    if wanted.platform_admin:
        principal.check(Permission.PLATFORM_ADMIN)
    if wanted.kind == "personal":
        if wanted.subject not in ("", principal.subject):
            principal.check(Permission.PLATFORM_ADMIN)
        return
    if EVERY_PROJECT in (wanted.scopes or {}):
        principal.check(Permission.PLATFORM_ADMIN)
    for project in projects:
        principal.check(Permission.ADMIN, project)


def _check_sense(wanted: NewToken) -> None:
    if wanted.expires_at is not None and wanted.expires_at <= ids.now_micros():
        raise InvalidInputError("the token would be expired at once", field="expiresAt", allowed="the future")
    if wanted.kind == "service" and not wanted.scopes and not wanted.platform_admin:
        raise InvalidInputError(
            "a service token without scopes could do nothing",
            field="scopes",
            allowed="project and role pairs",
        )
    if wanted.kind == "service" and not wanted.subject:
        # else every service token of an admin would act in that admin's name
        raise InvalidInputError(
            "a service token needs a subject, the name of the service", field="subject", allowed="a name"
        )
    if wanted.platform_admin and wanted.scopes:
        raise InvalidInputError(
            "a platform admin's token cannot be limited to projects", field="scopes", allowed="none"
        )


def _reach(principal: Principal) -> dict[str, Any]:
    """Parameters of all statements about the tokens that ``principal`` may see."""
    limits = [scope.rpartition("=")[::2] for scope in principal.scopes]
    within = [
        (project, role) for project, limit in limits for role in Role if RANK[role] <= RANK[Role(limit)]
    ]
    return {
        "everything": principal.platform_admin,
        "administered": [p for p in principal.roles if principal.can(Permission.ADMIN, p)],
        "administers_all": principal.can(Permission.ADMIN, EVERY_PROJECT),
        "kind": {USERS: "personal", SERVICES: "service"}.get(principal.issuer, ""),
        "subject": principal.subject,
        "unlimited": not principal.scopes,
        "scopes": [f"{project}={role}" for project, role in within],
        "endings": [f"={role}" for project, role in within if project == EVERY_PROJECT],
    }


def _pictures(principal: Principal, token: Token) -> Iterator[tuple[str, dict[str, Any]]]:
    """What to write down of a token in each project that it opens: nothing of the other projects.

    A personal token may name projects that its owner does not see; they are none of its business.
    """
    told = {
        "name": token.name,
        "kind": token.kind,
        "subject": token.subject,
        "platform_admin": token.platform_admin,
        "expires_at": token.expires_at,
        "revoked_at": token.revoked_at,
    }
    opened = [p for p in token.scopes if p != EVERY_PROJECT and principal.can(Permission.READ, p)]
    for project in opened:
        yield project, {**told, "scopes": {project: token.scopes[project]}}
    if not opened or EVERY_PROJECT in token.scopes:
        yield "", {**told, "scopes": dict(token.scopes)}


def _new_token(text: str, wanted: NewToken, subject: str, creator: str) -> Token:
    return Token(
        uid=token_uid(text),
        name=wanted.name,
        subject=subject,
        kind=wanted.kind,
        platform_admin=wanted.platform_admin,
        scopes=wanted.scopes or {},
        created_at=ids.now_micros(),
        created_by=creator,
        expires_at=wanted.expires_at,
    )


def _scopes(scopes: Mapping[str, Role]) -> list[str]:
    return [f"{project}={role}" for project, role in sorted(scopes.items())]


def _place(cursor: str) -> tuple[int, str]:
    at, _, uid = cursor.partition("/")
    if not at.isdecimal() or not uid:
        raise InvalidInputError(
            "this is no cursor of this list", field="after", allowed="a cursor of the list of tokens"
        )
    return min(int(at), FOREVER), uid


def _token(row: Row) -> Token:
    scopes = (str(scope).rpartition("=") for scope in row["scopes"] or ())
    return Token(
        uid=row["uid"],
        name=row["name"],
        subject=row["subject"],
        kind="service" if row["kind"] == "service" else "personal",
        platform_admin=bool(row["platform_admin"]),
        scopes={project: Role(role) for project, _, role in scopes},
        created_at=row["created_at"],
        created_by=row["created_by"] or "",
        expires_at=row["expires_at"],
        last_used_at=row["last_used_at"],
        revoked_at=row["revoked_at"],
    )


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _check_sum(body: str) -> str:
    return _base62(zlib.crc32(body.encode(errors="replace")), _CHECK)


def _base62(number: int, width: int) -> str:
    digits: list[str] = []
    for _ in range(width):
        number, rest = divmod(number, 62)
        digits.append(_DIGITS[rest])
    return "".join(reversed(digits))
