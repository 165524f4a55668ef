"""What several graph tests begin with."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from lineage_server.graph.bolt import Bolt
from lineage_server.graph.write import GraphWriter
from lineage_server.ingest.writer import IngestWriter
from lineage_server.provenance.service import LineageService
from tests.support.churn import told_of_churn
from tests.support.two_versions import Story
from tests.support.warm import PATIENT


@pytest.fixture
async def writer(graph: Bolt) -> AsyncIterator[IngestWriter]:
    """Running, with its own bounds; a test that needs others makes its own."""
    writer = IngestWriter(GraphWriter(graph), publish=lambda _: None, limits=PATIENT)
    await writer.start()
    yield writer
    await writer.stop()


@pytest.fixture
async def churn(writer: IngestWriter) -> IngestWriter:
    """The writer, told of the model churn with three versions, of which the first is prod."""
    await told_of_churn(writer)
    return writer


@pytest.fixture
async def story(graph: Bolt) -> Story:
    spec = Story()
    await spec.write(graph)
    return spec


@pytest.fixture
def service(graph: Bolt) -> LineageService:
    return LineageService(graph, opaque_key=b"tests")
