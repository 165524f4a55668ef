"""What lies at an address of Azure's blobs: of a blob its ETag and version, of a prefix those of all blobs.

``az://container/path`` (the account is ``AZURE_STORAGE_ACCOUNT_NAME``), or with the account in it:
``abfss://container@account.dfs.core.windows.net/path``, ``wasbs://container@account.blob.…``. As whom to
ask is told by ``AZURE_STORAGE_ACCOUNT_KEY`` or ``AZURE_STORAGE_SAS_TOKEN``, else as anybody;
``AZURE_STORAGE_ENDPOINT`` is where the account is, if not with Microsoft.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from lineage_server.client.addresses.calling import Said, call, check
from lineage_server.client.addresses.objects import PAGE, PAGES, Listed, below, parsed, prefix_of, too_many
from lineage_server.client.addresses.seen import Seen, size_in, tag_in, told
from lineage_server.domain.errors import NotSupportedError

SCHEMES = ("az", "azure", "abfs", "abfss", "wasb", "wasbs")
_MICROSOFTS = ("core.windows.net", "core.chinacloudapi.cn", "core.usgovcloudapi.net")
_API = "2021-08-06"


@dataclass(frozen=True, slots=True)
class _Container:
    """Where a container is, and as whom it is asked."""

    name: str
    account: str
    endpoint: str
    key: str = ""
    sas: str = ""

    def call(self, method: str, blob: str, query: Mapping[str, str], *, body: bool = False) -> Said:
        place = urlsplit(self.endpoint)
        path = place.path.rstrip("/") + quote(f"/{self.name}{'/' if blob else ''}{blob}", safe="/-_.~")
        asked = dict(query)
        headers = {"x-ms-version": _API}
        if self.key:
            headers |= self._signed(method, path, asked)
        elif self.sas:
            asked |= dict(parse_qsl(self.sas.lstrip("?")))
        text = f"?{urlencode(asked, quote_via=quote)}" if asked else ""
        return call(method, f"{place.scheme}://{place.netloc}{path}{text}", headers, body=body)

    def _signed(self, method: str, path: str, query: Mapping[str, str]) -> dict[str, str]:
        """The shared key of the account, as Azure documents it: of the headers before ours there are none."""
        now = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
        asked = "".join(f"\n{name.lower()}:{query[name]}" for name in sorted(query))
        request = f"{method}{chr(10) * 12}x-ms-date:{now}\nx-ms-version:{_API}\n/{self.account}{path}{asked}"
        try:
            key = base64.b64decode(self.key, validate=True)
        except ValueError:
            raise NotSupportedError("AZURE_STORAGE_ACCOUNT_KEY is no key of an account") from None
        signature = base64.b64encode(hmac.digest(key, request.encode(), hashlib.sha256)).decode()
        return {"x-ms-date": now, "authorization": f"SharedKey {self.account}:{signature}"}


def ask(uri: str, environ: Mapping[str, str]) -> Seen:
    """Raises a domain error where nothing is there, or it cannot be asked."""
    container, blob = _container(uri, environ)
    if blob and not blob.endswith("/"):
        said = container.call("HEAD", blob, {})
        if said.status != 404:
            check(said, uri)
            return _blob(said.headers)
    prefix = prefix_of(blob)
    return below(_listed(container, prefix, uri), prefix, f"container {container.name}")


def _blob(headers: Mapping[str, str]) -> Seen:
    etag, modified = tag_in(headers.get("etag", "")), headers.get("last-modified", "")
    if not etag:
        raise NotSupportedError("its store tells no ETag of it")
    known = told(etag=etag, version=headers.get("x-ms-version-id", ""), modified=modified)
    return Seen(mark=f"etag {etag}", told=known, size=size_in(headers))


def _listed(container: _Container, prefix: str, uri: str) -> Iterator[Listed]:
    query = {"restype": "container", "comp": "list", "prefix": prefix, "maxresults": str(PAGE)}
    for _ in range(PAGES):
        said = container.call("GET", "", query, body=True)
        check(said, uri)
        top = parsed(said)
        for one in top.iterfind("Blobs/Blob"):
            etag, size = one.findtext("Properties/Etag") or "", one.findtext("Properties/Content-Length")
            yield one.findtext("Name") or "", tag_in(etag), int(size or 0)
        after = top.findtext("NextMarker")
        if not after:
            return
        query["marker"] = after
    raise too_many()


# --- where, and as whom ------------------------------------------------------------------------


def _container(uri: str, environ: Mapping[str, str]) -> tuple[_Container, str]:
    """And the blob in it."""

    def word(*names: str) -> str:
        return next((one for variable in names if (one := environ.get(variable, "").strip())), "")

    place, _, blob = uri.partition("://")[2].partition("/")
    name, sign, host = place.partition("@")
    own = word("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT")
    account, _, domain = host.partition(".") if sign else (own, "", f"blob.{_MICROSOFTS[0]}")
    if not name or not account or not place.isascii():
        raise NotSupportedError("the address names no container, or no account (AZURE_STORAGE_ACCOUNT_NAME)")
    kind, _, whose = domain.partition(".")
    if kind not in ("blob", "dfs") or whose not in _MICROSOFTS:
        raise NotSupportedError("the address names no account of Azure")
    endpoint = f"https://{account}.blob.{whose}"
    if account != own:  # our key is for our account alone
        return _Container(name, account, endpoint), blob
    endpoint = word("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT").rstrip("/") or endpoint
    key = word("AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_ACCESS_KEY", "AZURE_STORAGE_KEY")
    sas = word("AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_SAS_KEY")
    return _Container(name, account, endpoint, key, sas), blob
