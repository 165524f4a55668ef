"""Which GPUs a run has: those that NVIDIA's tool lists and the process may use. The tool is a script here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lineage_server.client.capture import Captured, capture
from lineage_server.client.config import load_config
from lineage_server.client.place import Program

TWO = "GPU-aaaa, NVIDIA H200, 143771, 570.1\nGPU-bbbb, NVIDIA H200, 143771, 570.1\n"
MIB = 1 << 20

Tool = Callable[..., None]


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tool:
    """Puts a tool onto the machine that prints ``text``, if it is asked for what each line has."""

    def put(text: str, code: int = 0) -> None:
        script = tmp_path / "nvidia-smi"
        wanted = '"$*" = "--query-gpu=uuid,name,memory.total,driver_version --format=csv,noheader,nounits"'
        script.write_text(f"#!/bin/sh\n[ {wanted} ] || exit 2\nprintf '{text}'\nexit {code}\n")
        script.chmod(0o755)

    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr("lineage_server.client.capture._NVIDIA", (str(tmp_path),))
    return put


def found(environ: dict[str, str], parts: str = "gpu") -> Captured:
    return capture(load_config(environ=environ, capture=parts), Program(folder=Path("/"), entry=""))


def test_product_memory_driver_and_devices_are_told(tool: Tool) -> None:
    tool(TWO)
    told = found({})
    assert told.gpu
    assert (told.gpu.product, told.gpu.count, told.gpu.memory_bytes) == ("NVIDIA H200", 2, 143_771 * MIB)
    assert told.gpu.devices == ["GPU-aaaa", "GPU-bbbb"]
    assert told.facts == {"gpu": {"driver": "570.1", "memory_mib": "143771"}}
    assert found({}, "host").gpu is None


@pytest.mark.parametrize(
    ("visible", "devices"),
    [
        ("0,1", ["GPU-aaaa", "GPU-bbbb"]),
        ("1", ["GPU-bbbb"]),
        ("GPU-b", ["GPU-bbbb"]),
        (" 0 ", ["GPU-aaaa"]),
        ("0,-1,1", ["GPU-aaaa"]),
        ("1,0", ["GPU-bbbb", "GPU-aaaa"]),
        ("7,0", []),
        ("-1", []),
        ("", []),
    ],
)
def test_only_those_that_the_process_may_use(tool: Tool, visible: str, devices: list[str]) -> None:
    """As CUDA reads it: what follows a word that is no device is not seen."""
    tool(TWO)
    told = found({"CUDA_VISIBLE_DEVICES": visible})
    assert (told.gpu.devices if told.gpu else []) == devices
    assert bool(told.facts) is bool(devices)


@pytest.mark.parametrize(
    ("text", "code"), [("No devices were found\n", 6), (TWO, 9), ("", 0), ("a, b\n, , ,\n", 1)]
)
def test_a_tool_that_finds_none_is_none(tool: Tool, text: str, code: int) -> None:
    tool(text, code)
    assert found({}).told() == {}


def test_memory_that_is_not_known_is_left_out(tool: Tool) -> None:
    tool("GPU-aaaa, NVIDIA GB10, [N/A], 580.9\n")
    told = found({}).gpu
    assert told
    assert (told.product, told.count, told.memory_bytes) == ("NVIDIA GB10", 1, None)
