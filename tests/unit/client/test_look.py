"""The pictures of the client look as the web view does."""

from __future__ import annotations

import json
import re
from pathlib import Path

from lineage_server.client.render import layout, look

UI = Path(layout.__file__).parents[3] / "ui" / "src"


def theme(name: str) -> dict[str, str]:
    css = (UI / "app" / "theme.css").read_text("utf-8")
    block = css.split(f':root[data-mantine-color-scheme="{name}"] {{', 1)[1].split("}", 1)[0]
    return dict(re.findall(r"--([\w-]+): ([^;]+);", block))


def test_colours_are_those_of_the_theme() -> None:
    for name, colours in (("light", look.LIGHT), ("dark", look.DARK)):
        assert {key: theme(name)[key] for key in colours} == colours


def test_drawings_are_those_of_the_web_view() -> None:
    icons = (UI / "components" / "icon.tsx").read_text("utf-8")
    for name, path in look.ICONS.items():
        assert f'  {name}: "{path}",' in icons


def test_cards_and_gaps_are_as_large_as_there() -> None:
    lineage = UI / "features" / "lineage"
    assert f"{{ width: {look.WIDTH}, height: {look.HEIGHT} }}" in (lineage / "geometry.ts").read_text("utf-8")
    gaps = (lineage / "layout.ts").read_text("utf-8")
    assert f"GAP_ACROSS = {look.GAP_ACROSS};" in gaps
    assert f"GAP_ALONG = {look.GAP_ALONG};" in gaps


def test_cards_stand_where_the_web_views_own_ranker_puts_them() -> None:
    examples = json.loads((UI / "features" / "lineage" / "layout-examples.json").read_text("utf-8"))
    assert len(examples) == 9
    for example in examples:
        edges = [(a, b) for a, b in example["edges"]]
        places = {node: list(place) for node, place in layout.places_of(example["nodes"], edges).items()}
        assert places == example["places"], example["what"]
