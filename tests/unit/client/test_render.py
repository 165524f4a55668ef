"""Pictures of lineage: readable for people, well-formed for machines, whatever the names are."""

from __future__ import annotations

import json
import re
import unicodedata
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.formatters import DisplayFormatter, HTMLFormatter

from lineage_server.client.render.layout import layers_of
from lineage_server.client.render.look import WIDTH
from lineage_server.client.render.words import cut, safe, width_of
from lineage_server.client.view import LineageView, ViewEdge, ViewNode


def dataset(uid: str, name: str, **told: object) -> ViewNode:
    return ViewNode(uid=uid, label="ArtifactVersion", name=name, kind="dataset", **told)  # type: ignore[arg-type]


def run(uid: str, name: str, state: str = "complete") -> ViewNode:
    return ViewNode(uid=uid, label="Run", name=name, state=state)


def view(nodes: list[ViewNode], edges: list[tuple[str, str]], **told: object) -> LineageView:
    told.setdefault("start", (nodes[0].uid,))
    links = tuple(ViewEdge(start=a, end=b, type="INPUT_TO") for a, b in edges)
    return LineageView(nodes=tuple(nodes), edges=links, **told)  # type: ignore[arg-type]


DIAMOND = view(
    [
        ViewNode(uid="m", label="ArtifactVersion", name="churn", kind="model", ordinal=2, aliases=("prod",)),
        run("t", "train"),
        dataset("a", "left", ordinal=1),
        dataset("b", "right", ordinal=4),
        run("p", "prepare", "failed"),
        dataset("r", "raw"),
        ViewNode(uid="d", label="Deployment", name="serving", state="live"),
    ],
    [("t", "m"), ("a", "t"), ("b", "t"), ("p", "a"), ("p", "b"), ("r", "p"), ("m", "d")],
)


def test_what_was_taken_out_is_marked() -> None:
    gone = ViewNode(
        uid="m", label="ModelVersion", name="m", version="2", state="ready", aliases=("prod",),
        deleted_at="2026-01-01T00:00:00Z",
    )  # fmt: skip
    assert gone.notes == "deleted"
    assert "deleted" in view([gone], []).to_text()
    assert view([gone], []).to_dict()["nodes"][0]["deleted_at"] == "2026-01-01T00:00:00Z"


def test_a_tree_of_both_sides() -> None:
    assert DIAMOND.to_text().splitlines() == [
        "model:churn@2            prod",
        "made from",
        "└─ run train             complete",
        "   ├─ dataset:left@1",
        "   │  └─ run prepare     failed",
        "   │     └─ dataset:raw",
        "   └─ dataset:right@4",
        "      └─ run prepare     failed, (above)",
        "used for",
        "└─ deployment:serving    live",
    ]


def test_what_a_registered_version_is_used_for_is_what_it_is_of_is_used_for() -> None:
    stands = "version:default/model/far@registered:3"
    nodes = [
        ViewNode(uid="v", label="ModelVersion", name="far", version="3"),
        ViewNode(uid=stands, label="ArtifactVersion", name="far", kind="model"),
        run("s", "serve"),
        dataset("a", "answers", ordinal=1),
    ]
    edges = (
        ViewEdge(start=stands, end="v", type="REGISTERED_AS"),
        ViewEdge(start=stands, end="s", type="INPUT_TO"),
        ViewEdge(start="s", end="a", type="OUTPUT"),
    )
    both = LineageView(start=("v",), nodes=tuple(nodes), edges=edges)
    assert both.to_text().splitlines() == [
        "registered model:far@3",
        "made from",
        "└─ model:far@3",
        "used for",
        "└─ run serve             complete",
        "   └─ dataset:answers@1",
    ]
    assert [node.uid for node in both.downstream()] == ["s", "a"]
    assert [node.uid for node in both.upstream()] == [stands]


def test_circles_end_and_long_chains_do_not_overflow() -> None:
    circle = view([run("a", "a"), run("b", "b")], [("a", "b"), ("b", "a")], direction="upstream")
    assert circle.to_text().count("(above)") == 1
    chain = [run(f"r{n}", f"r{n}") for n in range(3000)]
    long = view(chain, [(f"r{n + 1}", f"r{n}") for n in range(2999)], direction="upstream")
    assert len(long.to_text().splitlines()) == 3000
    assert long.to_svg()
    assert long.to_mermaid()


def test_what_is_missing_is_said() -> None:
    partial = view(
        [dataset("a", "a"), run("b", "b")],
        [("b", "a")],
        direction="upstream",
        is_partial=True,
        reason="1000 nodes",
        hidden={"b": 7},
    )
    for drawn in (partial.to_text(), partial.to_mermaid(), partial.to_dot(), partial.to_svg()):
        assert drawn.count("+7 more") == 1
    assert view([dataset("a", "a")], [], hidden={"a": 0}).to_text() == "dataset:a\n+ more"
    assert partial.to_text().endswith("not all is shown: 1000 nodes")
    assert "1000 nodes" in partial.to_svg()


def test_a_start_that_is_not_in_the_answer() -> None:
    nothing = LineageView(start=("dataset:x",), nodes=(), edges=())
    assert nothing.to_text() == "dataset:x"
    ET.fromstring(nothing.to_svg())
    assert nothing.to_mermaid() == "flowchart LR\n"


def test_wide_signs_keep_the_columns() -> None:
    nodes = [dataset("a", "데이터", state="new"), dataset("b", "plain", state="old"), run("r", "🚀 학습")]
    wide = view(nodes, [("b", "a"), ("r", "b")], direction="upstream")
    lines = wide.to_text().splitlines()
    ends = {width_of(line.rpartition("  ")[0]) for line in lines}
    assert len(ends) == 1, lines
    assert max(width_of(line) for line in lines) <= 100


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("abc", 3),
        ("한글", 4),
        ("e\u0301", 1),
        ("👩‍💻", 2),
        ("", 0),
        ("❤️", 1),
        ("ｶﾅ", 2),
        ("\u1112\u1161\u11ab", 2),
    ],
)
def test_widths(text: str, width: int) -> None:
    assert width_of(text) == width


@given(st.text(max_size=30), st.integers(2, 20))
def test_cut_text_keeps_to_the_width(text: str, width: int) -> None:
    text = safe(text)
    assert width_of(cut(text, width)) <= width


@given(st.text())
def test_nothing_in_a_name_moves_the_cursor_or_turns_the_text(text: str) -> None:
    for char in safe(text):
        assert unicodedata.category(char) not in ("Cc", "Cs") or char == " "
        assert (
            char not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\u2028\u2029"
        )


NASTY = [
    "]]>",
    "</title><script>alert(1)</script>",
    '"; onload="x',
    "&amp;&#0;",
    "a\x00b\x1b[2Jc",
    "\ud800",
    "\ufffe\uffff",
    "`$(rm)`",
    "%%{init}%%",
    "end",
    "graph TD; a-->b",
    "#quot;#35;",
    '\\n\\l"',
    "{}[]()<>|",
    "\u202eevil",
    "a" * 5000,
    "--> x",
    "click n0 href",
    "한글🚀",
    "'",
    "<br/>",
    "\n\n",
    "style n0 fill:#f00",
    ":::cls",
]
_names = st.one_of(st.sampled_from(NASTY), st.text(max_size=40))


@st.composite
def _views(draw: st.DrawFn) -> LineageView:
    count = draw(st.integers(1, 8))
    nodes = [
        ViewNode(
            uid=f"{n}{draw(_names)}",
            label=draw(st.sampled_from(["Run", "ArtifactVersion", "Job", "ModelVersion", ""])),
            name=draw(_names),
            kind=draw(_names),
            state=draw(_names),
            project=draw(_names),
            aliases=(draw(_names),),
            ordinal=draw(st.none() | st.integers(0, 9)),
        )
        for n in range(count)
    ]
    places = st.integers(0, count - 1)
    links = draw(st.lists(st.tuples(places, places, _names), max_size=12))
    edges = tuple(
        ViewEdge(start=nodes[a].uid, end=nodes[b].uid, type=role, role=role) for a, b, role in links
    )
    return LineageView(
        start=(nodes[0].uid,), nodes=tuple(nodes), edges=edges, is_partial=True, reason=draw(_names)
    )


@settings(max_examples=150, deadline=None)
@given(_views())
def test_svg_is_well_formed_and_harmless(one: LineageView) -> None:
    text = one.to_svg()
    root = ET.fromstring(text.encode())
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags <= {"svg", "title", "style", "defs", "marker", "path", "g", "rect", "text"}
    for element in root.iter():
        assert not [name for name in element.attrib if name.startswith("on") or "href" in name]
    assert len([e for e in root.iter() if e.tag.endswith("rect")]) == len(one.nodes)
    assert "http" not in re.sub(r'xmlns="[^"]*"', "", text) or "http" in one.to_json()


WIDEST = {"t": 0.67, "n": 0.61}
"""Of a letter on average to the size of its font: DejaVu Sans, bold and not, wider than what most have."""


@pytest.mark.parametrize(
    "node",
    [
        dataset("d", "measurements", ordinal=2),
        ViewNode(uid="m", label="ArtifactVersion", name="train.LogisticRegression", kind="model", ordinal=1),
        ViewNode(
            uid="v",
            label="ModelVersion",
            name="wine",
            version="1",
            state="ready",
            aliases=("candidate", "prod"),
        ),
        dataset("k", "꽃" * 40),
    ],
)
def test_words_stay_within_their_card(node: ViewNode) -> None:
    """Whatever their font; the version is still to be read of names that are not very long."""
    words = {
        one.get("class"): one
        for one in ET.fromstring(view([node], []).to_svg()).iter()
        if one.tag.endswith("text")
    }
    for style, one in words.items():
        drawn = float(one.get("font-size", "")) * WIDEST[str(style)] * width_of(one.text or "")
        assert 46 + drawn <= WIDTH, one.text
    assert (words["t"].text == node.called) == (node.uid != "k")
    assert str(words["n"].text).startswith(node.what)


@settings(max_examples=150, deadline=None)
@given(_views())
def test_mermaid_keeps_its_lines(one: LineageView) -> None:
    lines = one.to_mermaid().splitlines()
    assert lines[0] == "flowchart LR"
    node = re.compile(r'  n\d+(\(\[|\[)"[^"\n\[\]{}()<>`|]*(<br/>[^"\n\[\]{}()<>`|]*)?"(\]\)|\])')
    edge = re.compile(r'  n\d+ (-->|-- "[^"\n<>\[\]`|]*" -->) n\d+')
    rest = [line for line in lines[1:] if not node.fullmatch(line) and not edge.fullmatch(line)]
    assert rest == ["  classDef asked stroke-width:3px", "  class n0 asked"]


@settings(max_examples=150, deadline=None)
@given(_views())
def test_dot_quotes_everything(one: LineageView) -> None:
    text = one.to_dot()
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', text, flags=re.DOTALL)
    statement = r'  ""( -> "")?( \[label=""(, shape=box(, style="")?(, penwidth=3)?)?\])?;'
    for line in bare.splitlines()[3:-1]:
        assert re.fullmatch(statement, line), line


@settings(max_examples=100, deadline=None)
@given(_views())
def test_the_other_forms(one: LineageView) -> None:
    told = json.loads(one.to_json())
    assert len(told["nodes"]) == len(one.nodes)
    assert all(c == "\n" or c.isprintable() or c in "\u200d" for c in one.to_text())
    bundle = one._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "image/svg+xml", "text/vnd.mermaid", "text/html"}
    ET.fromstring(f"<div>{bundle['text/html']}</div>".encode())


def test_notebooks_get_every_form_from_their_own_formatter() -> None:
    data, _ = DisplayFormatter().format(DIAMOND)
    assert data == DIAMOND._repr_mimebundle_()
    assert data["text/plain"] == DIAMOND.to_text()
    # What knows only one form asks for that.
    assert HTMLFormatter()(DIAMOND) == data["text/html"] == DIAMOND._repr_html_()


def test_a_front_end_may_ask_for_less() -> None:
    assert set(DIAMOND._repr_mimebundle_(include={"text/plain"})) == {"text/plain"}
    assert "text/html" not in DIAMOND._repr_mimebundle_(exclude={"text/html"})


_graphs = st.integers(1, 12).flatmap(
    lambda n: st.tuples(
        st.just(n), st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=30)
    )
)


@given(_graphs)
def test_layers_hold_every_node_once_and_follow_the_flow(graph: tuple[int, list[tuple[int, int]]]) -> None:
    count, pairs = graph
    nodes = [str(n) for n in range(count)]
    edges = [(str(a), str(b)) for a, b in pairs]
    layers = layers_of(nodes, edges)
    assert sorted(n for layer in layers for n in layer) == sorted(nodes)
    rank = {node: i for i, layer in enumerate(layers) for node in layer}
    forward = [(str(a), str(b)) for a, b in pairs if a < b]
    for a, b in forward:
        if all(x < y for x, y in pairs):  # no circle
            assert rank[a] < rank[b]
