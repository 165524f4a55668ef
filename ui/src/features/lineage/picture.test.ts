import { expect, test } from "vitest";
import { scene } from "./made-scenes";
import { svgOf } from "./picture";

const HUES = { dataset: "#1", model: "#2", run: "#3", file: "#4", deployment: "#5" };
const COLOURS = {
  edge: "#e",
  lit: "#l",
  focus: "#f",
  paper: "#fff",
  sunk: "#eee",
  ink: "#000",
  faint: "#777",
  font: "serif",
  hues: HUES,
  changes: { added: "#a", removed: "#r", changed: "#c" },
};

test("the picture has each name once as a text, and runs none of them", () => {
  const two = scene("raw > model", { raw: { title: "<script>x</script>", change: "removed" }, model: { title: "꽃".repeat(40) } });
  const svg = svgOf(two, { raw: { x: 0, y: 0 }, model: { x: 330, y: 0 } }, ({ title }) => ({ title, line: "a\u0000b" }), COLOURS);
  expect(svg).toContain("&lt;script&gt;");
  expect(svg).not.toContain("<script");
  expect(svg).not.toContain("\u0000");
  expect(svg).toContain(`font-size="10.4">${"꽃".repeat(13)}…`);
  expect(svg).toContain("stroke-dasharray");
  expect(svg.match(/<g transform/g)).toHaveLength(2);
});
