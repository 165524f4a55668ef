"""Finding out who is asking: one small protocol, and the two modes that exist now.

``Access`` asks its authenticators in order. An authenticator answers a principal, None ("these are
not my kind of credentials") or raises NotAuthenticatedError ("they are, and they are not valid").
OIDC, trusted proxies and Kubernetes will be further authenticators; nothing else changes then.

Mode ``open`` trusts whoever reaches the port, so the port must be loopback, and the Host header too:
else any web page could reach us through a name of its own that it points to 127.0.0.1.
"""

from __future__ import annotations

import ipaddress
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from lineage_server.auth.members import Members
from lineage_server.auth.principal import LOCAL, Principal, lesser
from lineage_server.auth.tokens import EVERY_PROJECT, Token, Tokens, new_secret, well_formed
from lineage_server.domain.errors import ForbiddenError, InvalidInputError, NotAuthenticatedError
from lineage_server.domain.nodes import Role
from lineage_server.domain.people import SERVICES, USERS
from lineage_server.settings import AuthSettings, HttpSettings

logger = logging.getLogger(__name__)

ADMIN_TOKEN_FILE = "admin-token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a request says of its sender. ``peer`` is the address of the other end of the connection."""

    authorization: str = ""
    peer: str = ""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


class Authenticator(Protocol):
    """One way to find out who is asking."""

    async def authenticate(self, credentials: Credentials) -> Principal | None: ...


class OpenAuthenticator:
    """Mode ``open``: everybody is the local admin."""

    async def authenticate(self, credentials: Credentials) -> Principal | None:
        return LOCAL


class TokenAuthenticator:
    """Mode ``token``: ``Authorization: Bearer lin_…``."""

    def __init__(self, tokens: Tokens, members: Members) -> None:
        self._tokens = tokens
        self._members = members

    async def authenticate(self, credentials: Credentials) -> Principal | None:
        scheme, _, text = credentials.authorization.partition(" ")
        if scheme.lower() != "bearer" or not text.strip().startswith("lin_"):
            return None
        token = await self._tokens.verify(text.strip())
        if token.kind == "service" or token.platform_admin:
            return _principal(token, {})
        return _principal(token, await self._members.roles_of(token.subject))


class Access:
    """The one question transports ask: who is this?"""

    def __init__(self, authenticators: Sequence[Authenticator], *, hint: str = "") -> None:
        self._authenticators = tuple(authenticators)
        self._hint = hint

    async def authenticate(self, credentials: Credentials) -> Principal:
        """The principal; raises NotAuthenticatedError."""
        for authenticator in self._authenticators:
            principal = await authenticator.authenticate(credentials)
            if principal is not None:
                return principal
        told = "what was sent to say who is asking is no token" if credentials.authorization else ""
        raise NotAuthenticatedError(f"{told or 'nobody said who is asking'}; {self._hint}".rstrip("; "))


def access_for(settings: AuthSettings, tokens: Tokens, members: Members) -> Access:
    """The authenticators of the configured mode."""
    if settings.mode == "open":
        return Access([OpenAuthenticator()])
    hint = "send a token as 'Authorization: Bearer lin_…'; client and commands take it from LINEAGE_TOKEN"
    return Access([TokenAuthenticator(tokens, members)], hint=hint)


def _principal(token: Token, roles: Mapping[str, Role]) -> Principal:
    """The rights that count: those of the subject (or of the service), within the token's scopes."""
    limits = token.scopes
    everywhere: Role | None = None
    if token.kind == "service":
        roles = {project: role for project, role in limits.items() if project != EVERY_PROJECT}
        everywhere = limits.get(EVERY_PROJECT)
    elif limits:
        roles = {
            project: limited for project, role in roles.items() if (limited := _limit(project, role, limits))
        }
    # Any project's admin names services: the issuer tells "admin", the service, from admin, the user.
    return Principal(
        subject=token.subject,
        issuer=SERVICES if token.kind == "service" else USERS,
        kind="service" if token.kind == "service" else "user",
        platform_admin=token.platform_admin,
        everywhere=everywhere,
        roles=roles,
        scopes=tuple(f"{project}={role}" for project, role in limits.items()),
    )


def _limit(project: str, role: Role, limits: Mapping[str, Role]) -> Role | None:
    limit = limits.get(project) or limits.get(EVERY_PROJECT)
    return lesser(role, limit) if limit is not None else None


# --- the first admin -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FirstAdmin:
    """A token that was just made for the first platform admin; only ``file`` is told, never ``text``."""

    text: str = field(repr=False)
    file: Path


async def bootstrap_admin(tokens: Tokens, data_dir: Path) -> FirstAdmin | None:
    """Make sure that somebody can come in; None when somebody can already.

    The file is written before the graph: a crash in between leaves a token that the next start makes
    good, never a server nobody can enter.
    """
    if await tokens.has_admin():
        return None
    file = data_dir / ADMIN_TOKEN_FILE
    text = _kept_secret(file)
    if not text or await tokens.find(text) is not None:  # none, or one that was revoked
        text = new_secret()
        try:
            _write_private(file, text)
        except OSError as error:
            raise InvalidInputError(
                f"the first admin's token cannot be written to {file} ({error.strerror}), so nobody could "
                "come in; nothing was changed. Let the server write there, or set another LINEAGE_DATA_DIR",
                field="LINEAGE_DATA_DIR",
            ) from error
    await tokens.adopt_admin(text)
    logger.warning("made a token for the first platform admin; it is in %s", file)
    return FirstAdmin(text, file)


def _kept_secret(file: Path) -> str:
    try:
        text = file.read_bytes().decode("ascii", "replace").strip()
    except OSError:
        return ""
    return text if well_formed(text) else ""


def _write_private(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = file.with_name(file.name + ".new")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as out:
        out.write(text + "\n")
        out.flush()
        os.fsync(out.fileno())
    beside.replace(file)


# --- where the server may be reached ---------------------------------------------------------


def check_bind(auth: AuthSettings, http: HttpSettings) -> None:
    """Raises InvalidInputError when mode ``open`` would listen beyond loopback unasked."""
    if auth.mode == "open" and not auth.allow_open_bind and not is_loopback(http.host):
        raise InvalidInputError(
            f"mode 'open' makes everybody who reaches {http.host} an admin, so it listens on loopback only; "
            "nothing was started. Set LINEAGE_AUTH__MODE=token, or, on a network you trust, "
            "LINEAGE_AUTH__ALLOW_OPEN_BIND=true",
            field="LINEAGE_HTTP__HOST",
            allowed="127.0.0.1, ::1 or localhost",
        )


def host_rule(auth: AuthSettings, http: HttpSettings) -> Callable[[str], None]:
    """A check of the Host header, which raises ForbiddenError; in mode ``token`` it lets all pass.

    With the flag for an open bind any address is fine (a rebinding attack needs a name), names
    still have to be listed.
    """
    if auth.mode != "open":
        return lambda _header: None
    listed = frozenset(name.lower() for name in http.allowed_hosts)

    def check(header: str) -> None:
        name = host_name(header)
        if is_loopback(name) or name in listed or (auth.allow_open_bind and _is_address(name)):
            return
        raise ForbiddenError(
            f"this server does not answer to the name {name[:80]!r} (a page behind a foreign name must not "
            "reach it); use http://127.0.0.1 or list the name in LINEAGE_HTTP__ALLOWED_HOSTS"
        )

    return check


def host_name(header: str) -> str:
    """The name in a Host header, without port and brackets, in lower case."""
    name = header.strip().lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.partition(":")[0] if name.count(":") == 1 else name


def is_loopback(name: str) -> bool:
    """Whether a host name or address can only mean this machine."""
    if name in ("localhost", "localhost."):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
