"""Where a webhook may be sent: which addresses its host has, and that none of them is private.

The host is resolved here, every address is checked, and one of those is what is connected to: a name that
changes its mind in between leads nowhere else. Redirects are not followed (``sending``).
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

from lineage_server.domain.errors import ForbiddenError, InvalidInputError
from lineage_server.domain.ids import shorten

MAX_URL = 2_000
_LOOKED_UP_SECONDS = 3.0
Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_PUBLIC = ipaddress.ip_network("2000::/3")
"""Of IPv6, only this was given to anybody; what lies outside leads into one's own network, or to an IPv4
address in one of its old spellings (site-local, IPv4-compatible, IPv4-translated, local NAT64)."""
_TEREDO = ipaddress.ip_network("2001::/32")


class NotAllowedError(ForbiddenError):
    """The target may not, or cannot, be sent to; the text says why, without its answer."""


class PrivateTargetError(NotAllowedError):
    """The host is there, and its address is nobody's outside."""


@dataclass(frozen=True, slots=True)
class Target:
    """A checked URL, taken apart."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def shown(self) -> str:
        """For logs and audit records: paths and queries often are secrets."""
        return f"{self.scheme}://{self.host}:{self.port}"


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Networks of a setting; raises InvalidInputError."""
    try:
        return tuple(ipaddress.ip_network(text, strict=False) for text in texts)
    except ValueError as error:
        raise InvalidInputError(
            f"{error}; nothing was started",
            field="LINEAGE_WEBHOOKS__ALLOWED_NETWORKS",
            allowed="networks such as 10.0.0.0/8 or 127.0.0.1/32",
        ) from None


def target_of(url: str) -> Target:
    """Check a URL by itself; raises InvalidInputError."""
    allowed = "http:// or https:// and a host, at most 2000 printable characters, without user and password"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    wrong = len(url) > MAX_URL or not url.isascii() or not url.isprintable() or " " in url
    if wrong or parts.scheme not in ("http", "https") or not host or "@" in parts.netloc:
        raise InvalidInputError(
            "this is no URL to send to; nothing was changed", field="url", allowed=allowed
        )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port or (443 if parts.scheme == "https" else 80), path)


async def check_url(url: str, allowed: Sequence[Network]) -> None:
    """Raises InvalidInputError for one that nothing would be sent to. A host that is not found may come."""
    target = target_of(url)
    try:
        async with asyncio.timeout(_LOOKED_UP_SECONDS):
            await resolved(target, allowed)
    except PrivateTargetError:
        raise InvalidInputError(
            f"{shorten(target.host)} has a private address, and nothing would be sent there; nothing was "
            "changed. Who runs this server can allow such networks by LINEAGE_WEBHOOKS__ALLOWED_NETWORKS",
            field="url",
            allowed="a public host, or one in a network that the setting names",
        ) from None
    except (NotAllowedError, TimeoutError):
        return


async def resolved(target: Target, allowed: Sequence[Network]) -> Address:
    """An address of the target, of which all may be sent to; raises NotAllowedError."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise NotAllowedError("the host was not found (that is no name of a host)") from None
    except OSError as error:
        raise NotAllowedError(f"the host was not found ({error.strerror or 'no address'})") from None
    addresses = [ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found]
    if not addresses:
        raise NotAllowedError("the host has no address")
    for address in addresses:
        check_address(address, allowed)
    return addresses[0]


def check_address(address: Address, allowed: Sequence[Network]) -> None:
    """Raises PrivateTargetError for what is not public and not allowed by name."""
    meant = _inner(address)
    if any(
        one in network for one in {address, meant} for network in allowed if network.version == one.version
    ):
        return
    outside = meant.version == 6 and (meant not in _PUBLIC or meant in _TEREDO)
    if outside or not meant.is_global or meant.is_multicast:
        raise PrivateTargetError(
            "the host has a private address, which LINEAGE_WEBHOOKS__ALLOWED_NETWORKS does not name"
        )


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, if so and if packets still get there."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
