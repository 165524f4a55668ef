/** Draws a scene on a canvas: needs nothing but the canvas, so that pictures can be made from it too. */
import { kindHue } from "@/components/kinds";
import type { Hue } from "@/components/kinds";
import { CARD } from "./geometry";
import type { Camera } from "./geometry";
import type { Places } from "./layout";
import type { Box, Change, Line, Scene } from "./scene";

export interface Colours {
  edge: string;
  lit: string;
  focus: string;
  paper: string;
  font: string;
  hues: Record<Hue, string>;
  changes: Record<Change, string>;
}

export interface Drawing {
  scene: Scene;
  places: Places;
  lit: ReadonlySet<string> | null;
  boxes: boolean;
  camera: Camera;
  width: number;
  height: number;
  colours: Colours;
}

const DIM = 0.25;
const ARROWS_FROM = 0.35;
const ARROW = 7;
/** From here on a box has room for the beginning of its name. */
const NAMES_FROM = 0.14;
const NAME_PIXELS = 11;

export function draw(context: CanvasRenderingContext2D, drawing: Drawing): void {
  const { camera, width, height, scene } = drawing;
  context.clearRect(0, 0, width, height);
  context.save();
  context.translate(camera.x, camera.y);
  context.scale(camera.zoom, camera.zoom);
  for (const line of scene.lines) if (!isLit(drawing, line)) drawLine(context, drawing, line);
  // On top of the others, so that a path is not crossed out.
  for (const line of scene.lines) if (isLit(drawing, line)) drawLine(context, drawing, line);
  if (drawing.boxes) drawBoxes(context, drawing);
  context.restore();
}

function isLit({ lit }: Drawing, { from, to }: Line): boolean {
  return lit !== null && lit.has(from) && lit.has(to);
}

/** What of the picture is on the screen, in its own measure. */
function viewOf({ camera, width, height }: Drawing) {
  return {
    left: -camera.x / camera.zoom,
    top: -camera.y / camera.zoom,
    right: (width - camera.x) / camera.zoom,
    bottom: (height - camera.y) / camera.zoom,
  };
}

function drawLine(context: CanvasRenderingContext2D, drawing: Drawing, line: Line): void {
  const from = drawing.places[line.from];
  const to = drawing.places[line.to];
  if (!from || !to) return;
  const a = { x: from.x + CARD.width, y: from.y + CARD.height / 2 };
  const b = { x: to.x, y: to.y + CARD.height / 2 };
  const view = viewOf(drawing);
  const bend = Math.max(40, Math.abs(b.x - a.x) / 2);
  if (Math.max(a.x + bend, b.x) < view.left || Math.min(a.x, b.x - bend) > view.right) return;
  if (Math.max(a.y, b.y) < view.top || Math.min(a.y, b.y) > view.bottom) return;
  const lit = isLit(drawing, line);
  context.globalAlpha = drawing.lit === null || lit ? 1 : DIM;
  context.strokeStyle = lit ? drawing.colours.lit : line.change ? drawing.colours.changes[line.change] : drawing.colours.edge;
  context.setLineDash(line.type === "VIA" || line.change === "removed" ? [6, 4] : []);
  context.lineWidth = (lit ? 2 : 1.4) + Math.min(3, Math.log2(line.weight));
  if (drawing.camera.zoom < ARROWS_FROM) context.lineWidth = Math.max(context.lineWidth, 0.8 / drawing.camera.zoom);
  context.beginPath();
  context.moveTo(a.x, a.y);
  context.bezierCurveTo(a.x + bend, a.y, b.x - bend, b.y, b.x - ARROW / 2, b.y);
  context.stroke();
  if (drawing.camera.zoom >= ARROWS_FROM) {
    context.fillStyle = context.strokeStyle;
    context.beginPath();
    context.moveTo(b.x, b.y);
    context.lineTo(b.x - ARROW - 2, b.y - ARROW / 1.6);
    context.lineTo(b.x - ARROW - 2, b.y + ARROW / 1.6);
    context.fill();
  }
}

function drawBoxes(context: CanvasRenderingContext2D, drawing: Drawing): void {
  const view = viewOf(drawing);
  for (const box of drawing.scene.boxes.values()) {
    const place = drawing.places[box.id];
    if (!place || place.x > view.right || place.y > view.bottom) continue;
    if (place.x + CARD.width < view.left || place.y + CARD.height < view.top) continue;
    context.globalAlpha = drawing.lit === null || drawing.lit.has(box.id) ? 1 : DIM;
    context.fillStyle = drawing.colours.hues[kindHue(box.label, box.kind)];
    context.fillRect(place.x, place.y, CARD.width, CARD.height);
    if (box.change) drawChange(context, drawing, box.change, place);
    if (drawing.camera.zoom >= NAMES_FROM) drawName(context, drawing, box, place);
    if (box.id === drawing.scene.focus) {
      context.strokeStyle = drawing.colours.focus;
      context.lineWidth = 3 / drawing.camera.zoom;
      context.strokeRect(place.x, place.y, CARD.width, CARD.height);
    }
  }
}

/** A frame in its colour; removed is dashed, since nothing is told by colour alone. */
function drawChange(context: CanvasRenderingContext2D, drawing: Drawing, change: Change, place: { x: number; y: number }): void {
  const width = 4 / drawing.camera.zoom;
  context.save();
  context.strokeStyle = drawing.colours.changes[change];
  context.lineWidth = width;
  if (change === "removed") context.setLineDash([3 * width, 2 * width]);
  context.strokeRect(place.x - width, place.y - width, CARD.width + 2 * width, CARD.height + 2 * width);
  context.restore();
}

/** As much of a name as the box has room for. */
function drawName(context: CanvasRenderingContext2D, drawing: Drawing, box: Box, place: { x: number; y: number }): void {
  const { zoom } = drawing.camera;
  const pad = 4 / zoom;
  context.save();
  context.beginPath();
  context.rect(place.x + pad / 2, place.y, CARD.width - pad, CARD.height);
  context.clip();
  context.fillStyle = drawing.colours.paper;
  context.font = `${NAME_PIXELS / zoom}px ${drawing.colours.font}`;
  context.textBaseline = "middle";
  context.fillText(box.stack ? `${box.stack.count} × ${box.title || box.kind}` : box.title, place.x + pad, place.y + CARD.height / 2);
  context.restore();
}
