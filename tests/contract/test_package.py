"""What is built from a checkout carries the contract, and an installation without it does not start."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from lineage_server import __version__
from lineage_server.api.gql import documents
from lineage_server.api.gql.documents import OPERATIONS, read_operations
from lineage_server.api.static import BUILT
from lineage_server.domain.errors import NotFoundError
from tests.support.web_view import build

ROOT = OPERATIONS.parents[1]
READ = """
import json, sys
sys.path.insert(0, sys.argv[1])
from lineage_server.api.gql import documents
assert documents.__file__.startswith(sys.argv[1])
print(json.dumps(documents.read_operations()))
"""


def wheel_of(root: Path, folder: Path, version: str = "standard") -> zipfile.ZipFile:
    (built,) = WheelBuilder(str(root)).build(directory=str(folder), versions=[version])
    return zipfile.ZipFile(built)


def test_wheel_and_sdist_carry_the_contract(tmp_path: Path) -> None:
    build()
    with wheel_of(ROOT, tmp_path / "wheel") as wheel:
        names = set(wheel.namelist())
        assert wheel.read("lineage_server/static/schema.graphql") == (
            (OPERATIONS.parent / "schema.graphql").read_bytes()
        )
        assert wheel.read("lineage_server/static/events.md") == (ROOT / "docs" / "events.md").read_bytes()
        wheel.extractall(tmp_path / "installed")
    built = {
        f"lineage_server/static/ui/{file.relative_to(BUILT)}" for file in BUILT.rglob("*") if file.is_file()
    }
    assert built
    assert built <= names
    # Nothing beside the package: a folder graphql/ would lie inside graphql-core.
    metadata = f"lineage_server-{__version__}.dist-info"
    assert {name.split("/")[0] for name in names} == {"lineage_server", metadata}
    code = {f"lineage_server/{file.relative_to(ROOT / 'lineage_server')}"
            for kind in ("*.py", "pages/*.*") for file in (ROOT / "lineage_server").rglob(kind)}  # fmt: skip
    assert code <= names
    told = subprocess.run(
        [sys.executable, "-I", "-c", READ, str(tmp_path / "installed")], capture_output=True, check=True
    )
    assert json.loads(told.stdout) == read_operations()

    (source,) = SdistBuilder(str(ROOT)).build(directory=str(tmp_path))
    with tarfile.open(source) as packed:
        packed.extractall(tmp_path / "source", filter="data")
    (unpacked,) = (tmp_path / "source").iterdir()
    with wheel_of(unpacked, tmp_path / "again") as wheel:
        assert set(wheel.namelist()) == names


def test_an_editable_install_holds_only_the_way_to_the_checkout(tmp_path: Path) -> None:
    with wheel_of(ROOT, tmp_path, "editable") as wheel:
        outside = [name for name in wheel.namelist() if ".dist-info/" not in name]
        assert len(outside) == 1
        assert Path(wheel.read(outside[0]).decode().strip()) == ROOT


def test_an_installation_without_operations_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("OPERATIONS", "PACKAGED"):
        monkeypatch.setattr(documents, place, tmp_path)
    with pytest.raises(NotFoundError, match="lacks the persisted operations"):
        read_operations()
