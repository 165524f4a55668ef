/** A scene as text in the forms that other programs read. The picture itself is made in `picture.ts`. */
import type { Box, Scene } from "./scene";

export type TitleOf = (box: Box) => string;

/** What was asked, so that the file says what it is a copy of. */
export function jsonOf(scene: Scene, address: string): string {
  const boxes = [...scene.boxes.values()].map(({ change, ...box }) => (change ? { ...box, change } : box));
  const edges = scene.lines.map(({ change, ...line }) => (change ? { ...line, change } : line));
  return `${JSON.stringify({ focus: scene.focus, version: scene.version, partial: scene.partial, address, nodes: boxes, edges }, null, 2)}\n`;
}

/** Shapes by what a box is, as the view has them by colour. Names are quoted: nothing in them is a command. */
export function mermaidOf(scene: Scene, titleOf: TitleOf): string {
  const names = new Map([...scene.boxes.keys()].map((id, at) => [id, `n${at}`]));
  const text = (box: Box): string =>
    titleOf(box).replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll(/\s+/g, " ");
  const boxes = [...scene.boxes.values()].map((box) => {
    const round = box.label === "Run" || box.label === "Job" || box.label === "Deployment";
    return `  ${names.get(box.id)}${round ? "([" : "["}"${text(box)}"${round ? "])" : "]"}`;
  });
  const lines = scene.lines.map(({ from, to, type }) => `  ${names.get(from)} ${type === "VIA" ? "-.->" : "-->"} ${names.get(to)}`);
  return ["flowchart LR", ...boxes, ...lines, ""].join("\n");
}

/** Of nodes, one a line. */
export function csvOf(scene: Scene, titleOf: TitleOf): string {
  const head = ["id", "label", "kind", "title", "project", "state", "side", "depth", "at", "count", "change"];
  const rows = [...scene.boxes.values()].map((box) => [
    box.id,
    box.label,
    box.kind,
    titleOf(box),
    box.project,
    box.state,
    box.id === scene.focus ? "FOCUS" : box.side,
    String(box.depth),
    box.at ?? "",
    String(box.stack?.count ?? 1),
    box.change ?? "",
  ]);
  return table([head, ...rows]);
}

/** CSV as RFC 4180 has it. A text that a spreadsheet would take for a formula gets a quote before it. */
export function table(rows: readonly (readonly string[])[]): string {
  const cell = (text: string): string => {
    const safe = /^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}
