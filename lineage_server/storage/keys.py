"""Where things lie in a store.

``objects/`` is what was verified, shared by all projects of the store; ``incoming/`` what is being
uploaded, by project; ``checking/`` what is being verified where others can still write to incoming;
``proven/`` what was uploaded, by project, to a store that itself refuses wrong bytes.
"""

from __future__ import annotations

import re
import uuid

from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.ids import shorten

_HEX = re.compile(r"[0-9a-f]{64}")


def clean_sha256(text: str) -> str:
    """Check an object's name; raises InvalidInputError."""
    if not _HEX.fullmatch(text):
        raise InvalidInputError(
            f"{shorten(text)!r} is not the SHA-256 of an object",
            field="sha256",
            allowed="64 hex digits in lower case",
        )
    return text


def object_key(sha256: str) -> str:
    return f"objects/{sha256[:2]}/{sha256}"


def incoming_folder(project: str) -> str:
    return f"incoming/{project}"


def incoming_key(project: str, sha256: str) -> str:
    return f"incoming/{project}/{sha256}"


def proven_folder(project: str) -> str:
    return f"proven/{project}"


def proven_key(project: str, sha256: str) -> str:
    return f"proven/{project}/{sha256}"


def checking_key() -> str:
    """A new one: only this server knows it."""
    return f"checking/{uuid.uuid4().hex}"


def manifest_key(project: str, key: str) -> str:
    return f"manifests/{project}/{key}"
