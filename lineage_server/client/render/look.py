"""How cards look: sizes, colours and signs, the same as in the web view (``ui/src/app/theme.css``,
``ui/src/components/``, ``ui/src/features/lineage/geometry.ts``); a test compares them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lineage_server.client.view import ViewNode

WIDTH, HEIGHT = 232, 68
"""Of a card, in pixels."""
GAP_ACROSS, GAP_ALONG = 96, 22

LIGHT = {
    "paper": "#ffffff", "sunk": "#f4f6f9", "ink": "#1b2330", "faint": "#566273", "edge": "#9aa7b8",
    "ok": "#1a6b3c", "bad": "#b3261e", "hue-dataset": "#0b6e75", "hue-model": "#7a3ab5",
    "hue-run": "#2450c4", "hue-file": "#566273", "hue-deployment": "#9a4a00",
}  # fmt: skip
DARK = {
    "paper": "#171b22", "sunk": "#0f1318", "ink": "#e4e9f0", "faint": "#9dabbd", "edge": "#56637a",
    "ok": "#6fd39a", "bad": "#ff9a92", "hue-dataset": "#5fd0d8", "hue-model": "#d3a6ff",
    "hue-run": "#8fb0ff", "hue-file": "#9dabbd", "hue-deployment": "#ffb673",
}  # fmt: skip

ICONS = {
    "dataset": "M5 6.5C5 5 8 4 12 4s7 1 7 2.5S16 9 12 9 5 8 5 6.5M5 6.5v11C5 19 8 20 12 20s7-1 7-2.5v-11"
    "M5 12c0 1.5 3 2.5 7 2.5s7-1 7-2.5",
    "model": "M12 3.5 20 8v8l-8 4.5L4 16V8zM4 8l8 4.5L20 8M12 12.5v8",
    "run": "M7 4.5v15l12-7.5z",
    "file": "M6.5 3.5h7L18 8v12.5H6.5zM13.5 3.5V8H18",
    "deployment": "M12 3.5c4 2.5 4.5 7.5 3 12H9c-1.5-4.5-1-9.5 3-12M9 13l-3 3v3.500l3-2M15 13l3 3v3.500l-3-2",
}
"""Line drawings on a grid of 24."""


def kind_of(node: ViewNode) -> str:
    """Which drawing and hue a node has; runs and jobs share theirs."""
    if node.label in ("Run", "Job"):
        return "run"
    if node.label == "Deployment":
        return "deployment"
    if node.label in ("RegisteredModel", "ModelVersion", "Alias") or node.kind in ("model", "checkpoint"):
        return "model"
    return "dataset" if node.kind in ("dataset", "table") else "file"
