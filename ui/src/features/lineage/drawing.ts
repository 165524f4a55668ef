/** Draws a scene on a canvas: needs nothing but the canvas, so that pictures can be made from it too. */
import type { Hue } from "@/components/kinds";
import { CARD } from "./geometry";
import type { Camera, Corner } from "./geometry";
import { drawTags } from "./name-tags";
import type { Box, Change, Line } from "./scene";
import { nameOf } from "./sheet";
import type { Sheet, Strand, Tint } from "./sheet";

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
  sheet: Sheet;
  focus: string;
  lit: ReadonlySet<string> | null;
  boxes: boolean;
  /** boxes whose names stand beside them; undefined: nothing has its name there */
  named: readonly string[] | undefined;
  camera: Camera;
  width: number;
  height: number;
  colours: Colours;
}

interface View {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

const DIM = 0.25;
const ARROWS_FROM = 0.35;
const ARROW = 7;
/** A line that goes less far across the screen is straight: its bend is not seen. */
const BENDS_FROM_PIXELS = 16;
/** Lines of one stroke: a path of thousands is slow to fill, a stroke for each too. */
const LINES_OF_A_STROKE = 64;
/** From here on a box has room for the beginning of its name. */
const NAMES_FROM = 0.2;
const NAME_PIXELS = 11;

export function draw(context: CanvasRenderingContext2D, drawing: Drawing): void {
  const { camera, width, height, sheet, lit } = drawing;
  const view = viewOf(drawing);
  context.clearRect(0, 0, width, height);
  context.save();
  context.translate(camera.x, camera.y);
  context.scale(camera.zoom, camera.zoom);
  for (const strand of sheet.strands) drawStrand(context, drawing, view, strand, false);
  // On top of the others, so that a path is not crossed out.
  if (lit) for (const strand of sheet.strands) drawStrand(context, drawing, view, strand, true);
  if (drawing.boxes) for (const tint of sheet.tints) drawTint(context, drawing, view, tint);
  context.restore();
  if (drawing.named) drawTags(context, drawing, [...drawing.named, drawing.focus], camera.zoom < NAMES_FROM);
}

/** What of the picture is on the screen, in its own measure. */
function viewOf({ camera, width, height }: Drawing): View {
  return {
    left: -camera.x / camera.zoom,
    top: -camera.y / camera.zoom,
    right: (width - camera.x) / camera.zoom,
    bottom: (height - camera.y) / camera.zoom,
  };
}

/** Of lines that look alike those that are lit, or those that are not. */
function drawStrand(context: CanvasRenderingContext2D, drawing: Drawing, view: View, strand: Strand, lit: boolean): void {
  const { zoom } = drawing.camera;
  const { colours } = drawing;
  context.globalAlpha = drawing.lit === null || lit ? 1 : DIM;
  context.strokeStyle = lit ? colours.lit : strand.change ? colours.changes[strand.change] : colours.edge;
  context.fillStyle = context.strokeStyle;
  context.setLineDash(strand.dashed ? [6, 4] : []);
  context.lineWidth = (lit ? 2 : 1.4) + Math.min(3, Math.log2(strand.weight));
  if (zoom < ARROWS_FROM) context.lineWidth = Math.max(context.lineWidth, 0.8 / zoom);
  const seen = inView(drawing, view, strand, lit);
  for (let begin = 0; begin < seen.length; begin += LINES_OF_A_STROKE) {
    const part = seen.slice(begin, begin + LINES_OF_A_STROKE);
    context.beginPath();
    for (const at of part) trace(context, strand.ends, at, zoom);
    context.stroke();
    if (zoom < ARROWS_FROM) continue;
    context.beginPath();
    for (const at of part) traceArrow(context, strand.ends, at);
    context.fill();
  }
}

/** Which of them are at least in part on the screen. */
function inView({ lit: those }: Drawing, view: View, { ends, lines }: Strand, lit: boolean): number[] {
  const seen: number[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const [ax, ay, bx, by] = endsOf(ends, at);
    const bend = bendOf(ax, bx);
    if (Math.max(ax + bend, bx) < view.left || Math.min(ax, bx - bend) > view.right) continue;
    if (Math.max(ay, by) < view.top || Math.min(ay, by) > view.bottom) continue;
    if (those === null ? !lit : isLit(those, lines[at]) === lit) seen.push(at);
  }
  return seen;
}

function isLit(lit: ReadonlySet<string>, line: Line | undefined): boolean {
  return line !== undefined && lit.has(line.from) && lit.has(line.to);
}

const endsOf = (ends: Float32Array, at: number): [number, number, number, number] => [
  ends[4 * at] ?? 0,
  ends[4 * at + 1] ?? 0,
  ends[4 * at + 2] ?? 0,
  ends[4 * at + 3] ?? 0,
];
const bendOf = (ax: number, bx: number): number => Math.max(40, Math.abs(bx - ax) / 2);

function trace(context: CanvasRenderingContext2D, ends: Float32Array, at: number, zoom: number): void {
  const [ax, ay, bx, by] = endsOf(ends, at);
  context.moveTo(ax, ay);
  const bend = bendOf(ax, bx);
  if (bx > ax && (bx - ax) * zoom < BENDS_FROM_PIXELS) context.lineTo(bx - ARROW / 2, by);
  else context.bezierCurveTo(ax + bend, ay, bx - bend, by, bx - ARROW / 2, by);
}

function traceArrow(context: CanvasRenderingContext2D, ends: Float32Array, at: number): void {
  const [, , x, y] = endsOf(ends, at);
  context.moveTo(x, y);
  context.lineTo(x - ARROW - 2, y - ARROW / 1.6);
  context.lineTo(x - ARROW - 2, y + ARROW / 1.6);
  context.closePath();
}

function drawTint(context: CanvasRenderingContext2D, drawing: Drawing, view: View, { hue, boxes, corners }: Tint): void {
  const { lit, colours, focus, camera } = drawing;
  for (const [at, box] of boxes.entries()) {
    const [x, y] = [corners[2 * at] ?? 0, corners[2 * at + 1] ?? 0];
    if (x > view.right || y > view.bottom || x + CARD.width < view.left || y + CARD.height < view.top) continue;
    context.globalAlpha = lit === null || lit.has(box.id) ? 1 : DIM;
    context.fillStyle = colours.hues[hue];
    context.fillRect(x, y, CARD.width, CARD.height);
    if (box.change) drawChange(context, drawing, box.change, { x, y });
    if (camera.zoom >= NAMES_FROM) drawName(context, drawing, box, { x, y });
    if (box.id === focus) drawFocus(context, drawing, { x, y });
  }
}

function drawFocus(context: CanvasRenderingContext2D, { colours, camera }: Drawing, { x, y }: Corner): void {
  context.strokeStyle = colours.focus;
  context.lineWidth = 3 / camera.zoom;
  context.strokeRect(x, y, CARD.width, CARD.height);
}

/** A frame in its colour; removed is dashed, since nothing is told by colour alone. */
function drawChange(context: CanvasRenderingContext2D, drawing: Drawing, change: Change, place: Corner): void {
  const width = 4 / drawing.camera.zoom;
  context.save();
  context.strokeStyle = drawing.colours.changes[change];
  context.lineWidth = width;
  if (change === "removed") context.setLineDash([3 * width, 2 * width]);
  context.strokeRect(place.x - width, place.y - width, CARD.width + 2 * width, CARD.height + 2 * width);
  context.restore();
}

/** As much of a name as the box has room for. */
function drawName(context: CanvasRenderingContext2D, drawing: Drawing, box: Box, place: Corner): void {
  const { zoom } = drawing.camera;
  const pad = 4 / zoom;
  context.fillStyle = drawing.colours.paper;
  context.font = `${NAME_PIXELS / zoom}px ${drawing.colours.font}`;
  context.textBaseline = "middle";
  context.fillText(fitting(context, nameOf(box), CARD.width * zoom - 8), place.x + pad, place.y + CARD.height / 2);
}

/** Of each name, how wide it is at its size on the screen; by the name, for it costs more to measure than to draw. */
const widths = new Map<string, number>();
const MOST_WIDTHS = 20_000;

/** As much of it as is at most so many pixels wide; letters count as if they were equally wide. */
function fitting(context: CanvasRenderingContext2D, name: string, most: number): string {
  let width = widths.get(name);
  if (width === undefined) {
    if (widths.size >= MOST_WIDTHS) widths.clear();
    width = (context.measureText(name).width * NAME_PIXELS) / Number.parseFloat(context.font);
    widths.set(name, width);
  }
  if (width <= most) return name;
  return name.slice(0, Math.floor((name.length * most) / width)).replace(/[\ud800-\udbff]$/, ""); // half a letter is none
}
