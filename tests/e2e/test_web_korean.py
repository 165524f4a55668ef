"""Every page in Korean: no violation of the rules of accessible pages, light and wide, dark and narrow."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.e2e.conftest import Recording, RunningServer
from tests.support.browser import Page
from tests.support.web_view import AT_REST, AXE, FITS, VIOLATIONS, check

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

LOOKS = ((1440, False), (360, True))
PAGES = {
    "": "h1", "runs": "tbody tr", "runs/{run}": "tbody tr", "runs/{run}?tab=metrics": ".u-over",
    "runs/{run}?tab=data": "tbody tr", "runs/{run}?tab=environment": "h2", "runs/{run}?tab=code": "h1",
    "runs/{run}?tab=files": "h1", "compare?runs={run}.{other}": "tbody tr",
    "compare?runs={run}.{other}&tab=curves": ".u-over",
    "compare?runs={run}.{other}&tab=scatter": ".u-over",
    "compare?runs={run}.{other}&tab=parallel": "canvas", "artifacts": "tbody tr",
    "artifact?of=dataset:seen": "tbody tr", "artifact?of=dataset:seen&view=schema": "tbody tr",
    "artifact?of=dataset:seen&view=files": "tbody tr", "artifact?of=dataset:seen&view=use": "tbody tr",
    "artifact?of=dataset:seen&view=compare": "tbody tr", "models": "tbody tr",
    "model?of=model:{project}/m": "tbody tr", "model?of=model:{project}/m&view=compare": "tbody tr",
    "model?of=model:{project}/m&view=aliases": "tbody tr", "model?of=model:{project}/m&view=card": "h2",
    "model?of=model:{project}/m&view=history": "tbody tr",
    "model?of=model:{project}/m&view=approvals": "h2", "lineage": "h1",
    "lineage?focus=dataset:seen@2&up=0": "[data-focus]",
    "lineage?focus=dataset:seen@2&tab=outline": "tbody tr",
    "lineage?focus=dataset:seen@2&tab=impact": "tbody tr",
    "lineage?focus=model:weights@2&vs=model:weights@1": "[data-focus]",
    "lineage?focus=model:weights@2&vs=model:weights@1&tab=causes": "li",
    "lineage?focus=model:nothing@1": "h2", "search?q=seen": "tbody tr", "projects": "tbody tr",
    "settings": "h2, tbody", "settings?view=tokens": "h2, tbody", "settings?view=audit": "tbody tr",
    "settings?view=webhooks": "h2", "admin": "tbody tr", "admin?view=refused": "h2, tbody",
    "admin?view=retention": "tbody tr", "admin?view=gaps": "h2", "nothing": "h1",
}  # fmt: skip


def test_every_page_in_korean(page: Page, running_server: RunningServer, recording: Recording) -> None:
    url, project = running_server.url, f"korean-{uuid4().hex[:8]}"
    runs: list[str] = []
    with recording(project) as client:
        for rate in (0.1, 0.2):
            with client.start_run("학습", job="학습", params={"rate": rate}) as run:
                seen = run.produce("seen", {"n": [1, rate]}, type="dataset")
                run.log({"loss": rate}, step=0)
                run.log({"loss": rate / 2}, step=1)
            with client.start_run("train", job="train", params={"rate": rate, "depth": 3}) as run:
                run.use(seen)
                weights = run.produce("weights", {"w": [rate]}, type="model")
                run.log({"loss": rate, "auc": 1 - rate}, step=0)
                run.log({"loss": rate / 2, "auc": 1.0}, step=1)
                runs.append(run.id)
        assert client.flush(20.0)
        client.register("m", weights, aliases="prod", metrics={"auc": 0.9})
    page.open(f"{url}/p/{project}")
    page.run("localStorage.setItem('lineage.language', 'ko')")
    wrong: dict[str, list[str]] = {}
    for path, shown in PAGES.items():
        page.look(1440, 900)
        page.open(f"{url}/p/{project}/{path.format(project=project, run=runs[0], other=runs[1])}")
        page.wait_for(f"!!document.querySelector('main :is({shown})')")
        page.run(AXE.read_text("utf-8") + ";0")
        for width, dark in LOOKS:
            page.look(width, 900, dark=dark)
            page.wait_for(FITS)
            page.wait_for(AT_REST)
            if found := page.run(VIOLATIONS):
                wrong[f"{path} at {width}"] = found
    page.run("localStorage.removeItem('lineage.language')")
    assert not wrong, "\n".join(f"{where}: {what}" for where, what in wrong.items())
    assert "ko" in page.run("document.documentElement.lang")
    check(page, url)
