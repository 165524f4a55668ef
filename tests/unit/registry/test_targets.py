"""Which addresses webhooks may be sent to, and how their secrets are made."""

from __future__ import annotations

import ipaddress
import stat
from pathlib import Path

import pytest

from lineage_server.domain.errors import InvalidInputError, NotSupportedError
from lineage_server.registry.aliases import moves_of, standing
from lineage_server.registry.signing import SigningKey
from lineage_server.registry.targets import NotAllowedError, check_address, networks, target_of

PRIVATE = (
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1"),
    *("255.255.255.255", "240.0.0.1", "192.0.2.1", "224.0.0.1"),
    *("::1", "::", "fe80::1", "fd00::1", "ff02::1", "ff0e::1", "fec0::1", "feff::1", "100::1", "5f00::1"),
    # IPv4 in other spellings: mapped, NAT64, 6to4, translated, compatible, local NAT64, Teredo.
    *("::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::10.0.0.1", "64:ff9b::7f00:1"),
    *("2002:7f00:1::", "2002:a9fe:a9fe::1", "2002:a00:1::1", "::ffff:0:10.0.0.1", "::ffff:0:127.0.0.1"),
    *("::10.0.0.1", "::127.0.0.1", "64:ff9b:1::10.0.0.1", "64:ff9b:1:a00:0:100::"),
    *("2001::1", "2001:0:0808:0808:0:0:f5ff:fffe", "2001:0:a00:1::f7f7:f7f7"),
    *("2001:db8::1", "2001:2::1", "2001:10::1"),
)


@pytest.mark.parametrize("text", PRIVATE)
def test_what_is_not_public_is_not_sent_to(text: str) -> None:
    with pytest.raises(NotAllowedError):
        check_address(ipaddress.ip_address(text), ())


@pytest.mark.parametrize(
    "text", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"]
)
def test_what_is_public_is(text: str) -> None:
    check_address(ipaddress.ip_address(text), ())


def test_a_network_that_is_named_is_allowed_in_any_spelling() -> None:
    allowed = networks(["10.0.0.0/8", "fd00::/8"])
    for text in ("10.1.2.3", "fd00::1", "::ffff:10.0.0.1"):
        check_address(ipaddress.ip_address(text), allowed)
    with pytest.raises(NotAllowedError):
        check_address(ipaddress.ip_address("192.168.1.1"), allowed)
    with pytest.raises(InvalidInputError, match="does not appear"):
        networks(["nonsense"])


def test_a_url_is_taken_apart_and_shown_without_its_secrets() -> None:
    target = target_of("https://hooks.example.com/T/secret?token=x")
    assert (target.host, target.port, target.path) == ("hooks.example.com", 443, "/T/secret?token=x")
    assert target.shown == "https://hooks.example.com:443"


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "data" / "webhook-key"
    key = SigningKey("", file)
    assert key.key_id == ""
    nonce = key.new_nonce()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = SigningKey("", file)
    assert (again.key_id, again.secret(nonce)) == (key.key_id, key.secret(nonce))
    assert key.secret(key.new_nonce()) != key.secret(nonce)
    with pytest.raises(NotSupportedError):
        SigningKey("", None).new_nonce()


def test_history_of_an_alias_written_before_it_knew_who() -> None:
    moves = moves_of(
        [
            [1, "a", "modelversion:p/m@1", "ui", "declared", "r"],
            [3, "b", None, "ui", "declared", "", "x/kim", "approval:p/m@1"],
        ]
    )
    assert [(m.version, m.before, m.by, m.approval) for m in moves] == [
        ("", "1", "x/kim", "approval:p/m@1"),
        ("1", "", "", ""),
    ]
    assert standing(moves, 0) is None
    assert standing(moves, 2) == moves[1]
    assert standing(moves, 3) is None
