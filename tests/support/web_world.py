"""A project with something in every corner of the web view, and the addresses of all its pages.

What people may write (names, descriptions, values, tags, comments, reasons) is written by ``word``, so that a
test chooses the language, or what must never run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from lineage_server.client import Client
from lineage_server.domain.event_parts import CodeFact, EnvironmentFact, GpuFact
from lineage_server.domain.events import RunReported
from tests.support.faults import ask

PAGES = {
    "": "h1", "runs": "tbody tr", "runs?cols={columns}": "tbody tr", "runs/{run}": "tbody tr",
    "runs/{run}?tab=metrics": ".u-over", "runs/{run}?tab=data": "tbody tr",
    "runs/{run}?tab=environment": "dl", "runs/{run}?tab=code": "dl",
    "runs/{other}?tab=environment": "h2", "runs/{other}?tab=code": "h2", "runs/{run}?tab=files": "h2",
    "runs/{run}?tab=logs": "pre",
    "runs/{run}?tab=steps": "[data-focus]", "runs/{gone}": "h1", "compare?runs={run}.{other}": "tbody tr",
    "compare?runs={run}.{other}&tab=curves": ".u-over",
    "compare?runs={run}.{other}&tab=scatter": ".u-over",
    "compare?runs={run}.{other}&tab=parallel": "canvas",
    "compare?runs={run}.{other}&tab=contents": "tbody tr", "artifacts": "tbody tr",
    "artifact?of={seen}": "tbody tr", "artifact?of={seen}&view=schema": "tbody tr",
    "artifact?of={seen}&view=files": "tbody tr", "artifact?of={seen}&view=use": "tbody tr",
    "artifact?of={seen}&view=compare": "tbody tr", "artifact?of={seen}&tree=true": "[data-focus]",
    "models": "tbody tr", "model?of={model}": "tbody tr", "model?of={model}&view=compare": "tbody tr",
    "model?of={model}&view=aliases": "tbody tr", "model?of={model}&view=card": "h2",
    "model?of={model}&view=tree": "[data-focus]", "model?of={model}&view=history": "tbody tr",
    "model?of={model}&view=approvals": "tbody tr", "lineage": "h1",
    "lineage?focus={seen}@2&up=2": "[data-focus]",
    "lineage?focus={seen}@2&tab=outline": "tbody tr", "lineage?focus={seen}@2&tab=impact": "tbody tr",
    "lineage?focus={weights}@2&vs={weights}@1": "[data-focus]",
    "lineage?focus={weights}@2&vs={weights}@1&tab=causes": "li", "lineage?focus=model:nothing@1": "h2",
    "search?q={word}": "tbody tr", "projects": "tbody tr", "settings": "h2, tbody",
    "settings?view=tokens": "h2, tbody", "settings?view=audit": "tbody tr", "settings?view=webhooks": "h2",
    "admin": "tbody tr", "admin?view=refused": "h2, tbody", "admin?view=retention": "tbody tr",
    "admin?view=gaps": "h2, tbody", "nothing": "h1",
}  # fmt: skip
"""Addresses below that of the project, and what shows that the page is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What was made; ids of runs, references of the rest."""

    runs: tuple[str, str]
    gone: str
    seen: str
    weights: str
    model: str
    word: str
    columns: str

    def pages(self) -> Iterator[tuple[str, str]]:
        """Address, and a selector of what must be seen there."""
        told = {
            "run": self.runs[0], "other": self.runs[1], "gone": self.gone, "seen": self.seen,
            "weights": self.weights, "model": self.model, "word": self.word, "columns": self.columns,
        }  # fmt: skip
        filled = {key: quote(value, safe=":") for key, value in told.items()}
        for path, shown in PAGES.items():
            yield path.format(**filled), shown


def furnish(client: Client, url: str, word: Callable[[str], str]) -> World:
    """Two runs of everything, with steps, one that failed and one that was deleted; a model with all it can
    have."""
    project = client.config.project
    runs: list[str] = []
    for number, rate in enumerate((0.1, 0.2)):
        with client.start_run(word("collect"), job=word("collect"), description=word("why")) as run:
            table = {word("petal"): [1.0, rate], word("kind"): [word("cell"), word("cell")]}
            seen = run.produce(
                word("seen"), table, type="dataset", role=word("role"), description=word("what"),
                metadata={word("key"): word("value")},
            )  # fmt: skip
            run.log({word("loss"): rate}, step=0)
        with client.start_run(
            word("train"), job=word("train"), params={word("rate"): rate, word("by"): word(f"hand {number}")},
            tags={word("tag"): word("tag value")},
        ) as run:  # fmt: skip
            run.use(seen)
            weights = run.produce(word("weights"), {"w": [rate]}, type="model")
            run.log_text(word("notes.md"), word("a text"))
            run.log_text(word("train.log"), word("a line"), type="log")
            for step in range(2):
                run.log({word("loss"): rate / (step + 1), word("auc"): 1 - rate}, step=step)
            with run.child(word("step")) as child:
                child.use(seen)
            runs.append(run.id)
    client.report(_surrounded(project, runs[0], word))
    with client.start_run(word("failed"), job=word("train")) as failed:
        failed.fail(word("it broke"))
    with client.start_run(word("gone"), job=word("gone")) as gone:
        gone.use(seen)
    assert client.flush(20.0)
    client.delete(gone.uid, reason=word("reason"))
    version = client.register(
        word("m"), weights, aliases=word("prod"), metrics={word("auc"): 0.9}, card=word("card"),
        tags={word("tag"): word("value")}, description=word("first"), signature={word("in"): word("out")},
        reason=word("reason"),
    )  # fmt: skip
    client.request_approval(version, word("next"), word("comment"))
    client.describe(seen, word("a description"))
    _view(url, project, word("view"))
    assert client.flush(20.0)
    return World(
        runs=(runs[0], runs[1]), gone=gone.id, seen=f"dataset:{word('seen')}",
        weights=f"model:{word('weights')}", model=f"model:{project}/{word('m')}", word=word("seen"),
        columns=f'["m.{word("loss")}","p.{word("by")}"]',
    )  # fmt: skip


def _surrounded(project: str, run: str, word: Callable[[str], str]) -> RunReported:
    """Where that run ran, and which code it was."""
    return RunReported(
        project=project, run=run, node=word("node"), cluster=word("cluster"), volumes=[word("volume")],
        code=CodeFact(
            repo=word("repo"), commit=word("commit"), branch=word("branch"), entry=word("entry"),
            dirty_digest="sha256:1", diff=word("diff"),
        ),
        environment=EnvironmentFact(
            python="3.11.4", lock_digest="sha256:2", packages={word("package"): "1.0"}, digest="sha256:3",
            image=word("image"), image_digest="sha256:4",
        ),
        gpu=GpuFact(product=word("gpu"), count=2, devices=[word("one"), word("two")], memory_bytes=1 << 30),
        resources={word("cpu"): 4}, usage={word("seconds"): 9.5},
        facts={
            "argv": [word("program"), word("argument")], "cwd": word("folder"),
            "host": {"name": word("host"), "os": word("os"), "machine": word("machine"), "cpus": 8},
        },
    )  # fmt: skip


def make_project(url: str, name: str, *, token: str = "") -> None:
    """One in which nothing is recorded yet."""
    asked = "mutation($i: CreateProjectInput!) { createProject(input: $i) { problems { message } } }"
    assert ask(url, asked, {"i": {"name": name}}, token=token)["createProject"]["problems"] == []


def hangul(field: str) -> str:
    """A word of Korean letters, another one for each field."""
    return "".join(chr(ord("가") + ord(letter)) for letter in field)


def _view(url: str, project: str, name: str) -> None:
    told: dict[str, Any] = {"project": project, "name": name, "text": name, "shared": True}
    asked = "mutation($i: SaveViewInput!) { saveView(input: $i) { problems { message } } }"
    assert ask(url, asked, {"i": told})["saveView"]["problems"] == []
