/** Names beside drawn boxes that have no room for them: of those that one looks at or is over, and of stacks. */
import { CARD } from "./geometry";
import type { Camera, Corner } from "./geometry";
import { nameOf } from "./sheet";
import type { Sheet } from "./sheet";

export interface Tagged {
  sheet: Sheet;
  camera: Camera;
  width: number;
  height: number;
  colours: { paper: string; edge: string; focus: string; font: string };
}

const PIXELS = 12;
const HEIGHT = 18;
const PAD = 5;
const GAP = 3;
/** More of them are not read at once, and each costs as much as a hundred boxes. */
const MOST = 150;

/** Each above its box or below it, in the measure of the screen; none over another: `named` come first, stacks where
 * they can. */
export function drawTags(context: CanvasRenderingContext2D, tagged: Tagged, named: Iterable<string>, stacks: boolean): void {
  const { sheet, camera, width, height } = tagged;
  const taken: Room[] = [];
  context.font = `${PIXELS}px ${tagged.colours.font}`;
  context.textBaseline = "middle";
  context.setLineDash([]);
  for (const id of new Set([...named, ...(stacks ? sheet.stacks : [])])) {
    const [box, place] = [sheet.boxes.get(id), sheet.places[id]];
    if (!box || !place || !nameOf(box)) continue;
    const [x, y] = [place.x * camera.zoom + camera.x, place.y * camera.zoom + camera.y];
    if (x > width || y > height || x + CARD.width * camera.zoom < 0 || y + CARD.height * camera.zoom < 0) continue;
    const wide = context.measureText(nameOf(box)).width + 2 * PAD;
    const room = [y - HEIGHT - GAP, y + CARD.height * camera.zoom + GAP]
      .map((top): Room => ({ x, y: top, width: wide }))
      .find((one) => !taken.some((other) => meet(one, other)));
    if (!room) continue;
    drawTag(context, tagged, nameOf(box), room);
    if (taken.push(room) >= MOST) return;
  }
}

interface Room extends Corner {
  width: number;
}

const meet = (a: Room, b: Room): boolean => a.x < b.x + b.width && b.x < a.x + a.width && Math.abs(a.y - b.y) < HEIGHT;

function drawTag(context: CanvasRenderingContext2D, { colours }: Tagged, name: string, { x, y, width }: Room): void {
  context.globalAlpha = 1;
  context.fillStyle = colours.paper;
  context.fillRect(x, y, width, HEIGHT);
  context.strokeStyle = colours.edge;
  context.lineWidth = 1;
  context.strokeRect(x, y, width, HEIGHT);
  context.fillStyle = colours.focus;
  context.fillText(name, x + PAD, y + HEIGHT / 2);
}
