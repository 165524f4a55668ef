/** Scenes for tests, in few words. */
import type { Box, Line, Scene } from "./scene";

export function box(id: string, more: Partial<Box> = {}): Box {
  return {
    id,
    label: "ArtifactVersion",
    kind: "dataset",
    title: id,
    project: "default",
    owner: "",
    state: "",
    side: "UPSTREAM",
    depth: 1,
    hiddenUp: 0,
    hiddenDown: 0,
    at: null,
    aliases: [],
    opaque: false,
    stack: null,
    change: null,
    ...more,
  };
}

/** `"a > b"` is one edge; boxes are made for all names, the first name is the focus. */
export function scene(edges: string, boxes: Record<string, Partial<Box>> = {}): Scene {
  const lines: Line[] = edges
    .split(",")
    .map((one) => one.trim().split(/\s*>\s*/))
    .flatMap((names) => names.slice(1).map((to, at) => ({ from: names[at] ?? "", to, type: "INPUT_TO", weight: 1, roles: [], change: null })));
  const names = [...new Set([...Object.keys(boxes), ...lines.flatMap(({ from, to }) => [from, to])])];
  return {
    focus: names[0] ?? "",
    boxes: new Map(names.map((name) => [name, box(name, boxes[name])])),
    lines,
    version: edges,
    partial: false,
    reason: "",
  };
}
