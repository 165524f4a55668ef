"""``track``: what a call tells, and that it changes nothing of the function it records."""

from __future__ import annotations

import inspect
import logging
import pickle
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from lineage_server import Artifact, Client, Input, InvalidInputError, Output, Param, current_run, track
from tests.unit.client.stub import StubServer

if TYPE_CHECKING:
    from nowhere import Frame  # pyright: ignore[reportMissingImports]

FRAME = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", None]})


Runs = Callable[[], dict[str, dict[str, Any]]]


@dataclass
class Settings:
    depth: int
    name: str


@track
def add(first: int, /, second: int = 2, *rest: int, scale: float = 1.0, **more: object) -> float:
    """Adds."""
    return (first + second + sum(rest)) * scale


@track(name="halve", kind="training", project="team-a")
def halve(value: float) -> float:
    return value / 2


def test_a_call_is_a_run_with_its_arguments(runs: Runs) -> None:
    assert add(1, 3, 4, scale=0.5, note="n", api_key="abc", config=Settings(3, "x")) == 4
    assert halve(3) == 1.5
    told = runs()["add"]
    assert (told["job"], told["kind"], told["state"], told.get("parent")) == ("add", "step", "complete", None)
    assert told["params"] == {
        "first": 1, "second": 3, "rest": "[4]", "scale": 0.5, "note": "n", "api_key": "***",
        "config.depth": 3, "config.name": "x",
    }  # fmt: skip
    assert (runs()["halve"]["kind"], runs()["halve"]["project"]) == ("training", "team-a")


def test_the_function_stays_what_it_was() -> None:
    assert (add.__name__, add.__doc__, add.__module__) == ("add", "Adds.", __name__)
    assert str(inspect.signature(add)).startswith("(first: 'int', /, second: 'int' = 2, *rest")
    assert pickle.loads(pickle.dumps(add)) is add


def test_frames_and_arrays_are_inputs_and_outputs(runs: Runs) -> None:
    @track(name="split")
    def split(frame: pd.DataFrame, weights: np.ndarray, parts: list[int]) -> tuple[Any, ...]:
        frame.loc[0, "a"] = 9  # recorded is what was given, not what became of it
        return frame.head(1), frame.tail(1), 3, np.array([1.0])

    before = FRAME.copy()
    split(before.copy(), np.arange(6.0).reshape(3, 2), [1, 2])
    told = runs()["split"]
    assert [(i["name"], i["role"], i.get("type", "dataset")) for i in told["inputs"]] == [
        ("frame", "frame", "dataset"), ("weights", "weights", "dataset"),
    ]  # fmt: skip
    assert told["params"] == {"parts": "[1, 2]"}
    assert [o["name"] for o in told["outputs"]] == ["split.0", "split.1", "split.3"]
    assert told["outputs"][0]["columns"][0] == {"name": "a", "type": "int64", "nullable": True}

    @track(name="again")
    def again(frame: pl.DataFrame) -> None: ...

    again(pl.from_pandas(before))
    assert runs()["again"]["inputs"][0]["digest"] == told["inputs"][0]["digest"]


def test_what_one_function_made_the_next_one_reads(runs: Runs, default: Client, tmp_path: Path) -> None:
    @track(name="prepare")
    def prepare(raw: Path) -> pd.DataFrame:
        return pd.read_csv(raw)

    @track(name="fit")
    def fit(data: pd.DataFrame, handle: Artifact) -> Artifact:
        run = current_run()
        assert run is not None
        return run.produce("model", {"w": [1, 2]}, type="model")

    (tmp_path / "raw.csv").write_text("a,b\n1,2\n")
    with default.start_run("main") as main:
        data = prepare(tmp_path / "raw.csv")
        made = fit(data, main.use("dataset:other@2"))
    told = runs()
    assert {told[name]["parent"] for name in ("prepare", "fit")} == {main.id}
    (raw,) = told["prepare"]["inputs"]
    assert (raw["name"], raw["role"]) == ("raw.csv", "raw"), "a file has a name of its own"
    (output,) = told["prepare"]["outputs"]
    read, handle = told["fit"]["inputs"]
    assert (read["name"], read["role"], read["digest"]) == ("prepare", "data", output["digest"])
    assert (handle["name"], handle["role"], handle["version"]) == ("other", "handle", 2)
    assert [o["digest"] for o in told["fit"]["outputs"]] == [made.digest], "and not once more as the return"


def test_markers_name_what_is_read_and_made(runs: Runs, tmp_path: Path) -> None:
    @track(name="train")
    def train(
        data: Annotated[Frame, Input("iris", role="train")],
        source: Annotated[str, Input],
        extra: Annotated[Frame | None, Input("extra")],
        out: Annotated[Path, Output("report", type="report")],
        table: Annotated[list[dict[str, int]], Input("table")],
        size: Annotated[Any, Param("batch_size")],
        secret: Annotated[str, Param(record=False)],
        copy: Annotated[str | None, Output("copy")] = None,
    ) -> tuple[
        Annotated[Frame, Output("features")], Frame, Annotated[dict[str, int], Output("churn", type="model")]
    ]:
        out.write_text("fine")
        return FRAME, FRAME, {"w": 1}

    train(FRAME, "s3://bucket/key.csv", None, tmp_path / "r.md", [{"a": 1}], 3, "s3cr3t")
    told = runs()["train"]
    assert [(i["name"], i["role"]) for i in told["inputs"]] == [
        ("iris", "train"), ("key.csv", "source"), ("table", "table"),
    ]  # fmt: skip
    assert {(o["name"], o.get("type", "dataset"), o.get("role", "")) for o in told["outputs"]} == {
        ("features", "dataset", ""), ("churn", "model", ""), ("report", "report", "out"),
    }  # fmt: skip
    assert told["params"] == {"batch_size": 3}


def test_a_path_is_read_or_written_by_what_happens_to_it(runs: Runs, tmp_path: Path) -> None:
    @track(name="convert")
    def convert(source: Path, target: Path, folder: Path, *, fail: bool = False) -> None:
        target.write_text(source.read_text() * 2)
        if fail:
            raise OSError("disk")

    (tmp_path / "in.txt").write_text("x")
    for _ in range(2):  # the second time the target is there before
        convert(tmp_path / "in.txt", tmp_path / "out.txt", tmp_path)
        told = runs()["convert"]
        assert [i["name"] for i in told["inputs"]] == ["in.txt"]
        assert [o["name"] for o in told["outputs"]] == ["out.txt"]
        (tmp_path / "in.txt").write_text("yy")
    with pytest.raises(OSError, match="disk"):
        convert(tmp_path / "in.txt", tmp_path / "out.txt", tmp_path, fail=True)
    told = runs()["convert"]
    assert (told["state"], len(told["inputs"]), len(told["outputs"])) == ("failed", 1, 0)


def test_exceptions_pass_as_they_are(runs: Runs) -> None:
    error = ValueError("no data")

    @track(name="fails")
    def fails() -> None:
        raise error

    with pytest.raises(ValueError, match="no data") as caught:
        fails()
    assert caught.value is error
    assert (runs()["fails"]["state"], runs()["fails"]["reason"]) == ("failed", "ValueError: no data")
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        add()  # pyright: ignore[reportCallIssue]


def test_methods_recursion_and_nesting(runs: Runs, stub: StubServer) -> None:
    class Tower:
        @track
        def build(self, height: int) -> int:
            return 1 + self.build(height - 1) if height else 0

        @classmethod
        @track
        def of(cls, name: str) -> str:
            return cls.__name__ + name

        @track
        @staticmethod
        def two(x: int) -> int:
            return x * 2

    assert (Tower().build(2), Tower.of("x"), Tower.two(4), Tower().two(4)) == (2, "Towerx", 8, 8)
    runs()
    told = [event for event in stub.of_type("run") if event.get("name", "").endswith("Tower.build")]
    assert [event["params"] for event in told] == [{"height": 2}, {"height": 1}, {"height": 0}]
    assert [event.get("parent") for event in told] == [None, told[0]["run"], told[1]["run"]]
    assert current_run() is None


def test_recording_never_raises(
    runs: Runs, default: Client, stub: StubServer, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    class Odd:
        def __repr__(self) -> str:
            raise RuntimeError("no")

        __str__ = __arrow_c_stream__ = __len__ = __repr__

    @track(name="odd")
    def odd(
        value: Any, missing: Annotated[Path, Input], wrong: Annotated[Any, Output("x")], big: Any
    ) -> Annotated[Any, Output("y")]:
        return value

    with caplog.at_level(logging.WARNING):
        given = Odd()
        assert odd(given, tmp_path / "none", given, list(range(5000))) is given
        assert odd(given, tmp_path / "none", given, {"a": object()}) is given
    assert runs()["odd"]["state"] == "complete"
    assert 0 < len(caplog.records) < 8, "each once"
    default.close(0)
    assert add(1) == 3


def test_nothing_is_recorded_by_a_client_that_is_off(
    make_client: Callable[..., Client], stub: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lineage_server.client import shortcuts

    for settings in ({"LINEAGE_MODE": "disabled"}, {"RANK": "1"}):
        monkeypatch.setattr(shortcuts, "_default", [make_client(stub.url, **settings)])
        assert add(1) == 3
        assert shortcuts._default[0].flush(5)
    assert stub.order == []


def test_a_launched_process_tells_its_calls_as_children(
    make_client: Callable[..., Client], stub: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lineage_server.client import shortcuts

    launched = "0198c0de-0000-7000-8000-000000000003"
    client = make_client(stub.url, LINEAGE_RUN_ID=launched)
    monkeypatch.setattr(shortcuts, "_default", [client])
    add(1)
    assert client.flush(5)
    assert {event["run"] == launched for event in stub.order} == {False}
    assert stub.order[0]["parent"] == launched


def test_surroundings_are_told_of_every_call_and_in_full_once(
    make_client: Callable[..., Client], stub: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lineage_server.client import shortcuts

    client = make_client(stub.url, LINEAGE_CAPTURE="packages,argv")
    monkeypatch.setattr(shortcuts, "_default", [client])
    add(1)
    add(2)
    assert client.close(10)
    add(3)
    told = [event for event in stub.order if "environment" in event]
    assert len({event["run"] for event in told}) == 2
    assert [bool(event["environment"].get("packages")) for event in told] == [True, False]
    assert len({event["environment"]["digest"] for event in told}) == 1


@pytest.mark.parametrize(
    ("misuse", "sentence"),
    [
        (lambda: track("train"), "track was put on 'train', which is no function: write @track"),
        (lambda: track(Settings), "track was put on the class Settings"),
        (lambda: track(kind="nothing")(add), "job kind 'nothing' is not known"),
        (lambda: track(capture="everything")(add), "LINEAGE_CAPTURE has 'everything'"),
        (lambda: track(name=" ")(add), "name is empty"),
        (lambda: Input("model:a@1"), "names a version"),
        (lambda: Output("a", type="thing"), "artifact type 'thing' is not known"),
    ],
)
def test_misuse_is_told_when_decorating(misuse: Callable[[], object], sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=sentence.replace("(", r"\(")):
        misuse()


def test_markers_that_contradict(runs: Runs) -> None:
    def two(a: Annotated[int, Input("a"), Param("b")]) -> None: ...
    def back(a: int) -> Annotated[int, Input("a")]: ...  # pyright: ignore[reportReturnType]
    def same() -> tuple[Annotated[int, Output("a")], Annotated[int, Output("a")]]: ...  # pyright: ignore[reportReturnType]

    for function, sentence in ((two, "has 2 markers"), (back, "is marked Input"), (same, "one name")):
        with pytest.raises(InvalidInputError, match=sentence):
            track(function)
    late = "Annotated[int, lineage.Input('a')]"
    back.__annotations__ = {"a": late}
    with pytest.raises(InvalidInputError, match="cannot be read when the function is decorated"):
        track(back)


def test_a_call_costs_little(default: Client) -> None:
    """The best of some: what else the machine does is not ours."""
    taken: list[float] = []
    for _ in range(200):
        began = time.perf_counter()
        add(1)
        taken.append(time.perf_counter() - began)
    assert min(taken) < 0.002
