/** A scene as a picture in vectors: the cards of the view with text as text, no script, nothing loaded. */
import { PATHS } from "@/components/icon";
import { kindHue, kindIcon } from "@/components/kinds";
import type { Colours } from "./drawing";
import { CARD, boundsOf } from "./geometry";
import type { Places } from "./layout";
import type { Box, Line, Scene } from "./scene";

/** What stands on a card. */
export interface Words {
  title: string;
  line: string;
}

export interface PictureColours extends Colours {
  sunk: string;
  ink: string;
  faint: string;
}

const MARGIN = 24;
/** Of a line of a card: its size, and how many letters of the widest of the fonts fit into it. More are drawn smaller, up to `most`. */
const TITLE = { size: 15, fits: 18, most: 26 } as const;
const LINE = { size: 13, fits: 23, most: 32 } as const;

export function svgOf(scene: Scene, places: Places, wordsOf: (box: Box) => Words, colours: PictureColours): string {
  const bounds = boundsOf(places);
  const width = bounds.width + 2 * MARGIN;
  const height = bounds.height + 2 * MARGIN;
  const lines = scene.lines.map((line) => lineOf(line, places, colours)).join("");
  const boxes = [...scene.boxes.values()].map((box) => boxOf(box, box.id === scene.focus, places, wordsOf(box), colours)).join("");
  const focus = scene.boxes.get(scene.focus);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" width="${width}" height="${height}" ` +
    `viewBox="${bounds.x - MARGIN} ${bounds.y - MARGIN} ${width} ${height}" ` +
    `font-family="system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'Noto Sans CJK KR', sans-serif">` +
    `<title>${escaped(focus ? wordsOf(focus).title : "")}</title>` +
    `<rect x="${bounds.x - MARGIN}" y="${bounds.y - MARGIN}" width="${width}" height="${height}" fill="${colours.sunk}"/>` +
    `<g fill="none" stroke-width="1.4">${lines}</g>${boxes}</svg>\n`
  );
}

function lineOf({ from, to, type, weight, change }: Line, places: Places, colours: Colours): string {
  const a = places[from];
  const b = places[to];
  if (!a || !b) return "";
  const [x1, y1, x2, y2] = [a.x + CARD.width, a.y + CARD.height / 2, b.x, b.y + CARD.height / 2];
  const bend = Math.max(40, Math.abs(x2 - x1) / 2);
  const stroke = change ? colours.changes[change] : colours.edge;
  const dashed = type === "VIA" || change === "removed" ? ' stroke-dasharray="6 4"' : "";
  const thick = (1.4 + Math.min(3, Math.log2(weight))).toFixed(1);
  return (
    `<path d="M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2 - 3} ${y2}" stroke="${stroke}" stroke-width="${thick}"${dashed}/>` +
    `<path d="M${x2} ${y2}l-9 -4.5v9z" fill="${stroke}"/>`
  );
}

function boxOf(box: Box, focus: boolean, places: Places, words: Words, colours: PictureColours): string {
  const place = places[box.id];
  if (!place) return "";
  const hue = colours.hues[kindHue(box.label, box.kind)];
  const edge = box.change ? colours.changes[box.change] : focus ? hue : colours.edge;
  const { width, height } = CARD;
  const under = (by: number): string =>
    `<rect x="${by}" y="${by}" width="${width}" height="${height}" rx="10" fill="${colours.paper}" stroke="${colours.edge}"/>`;
  const sign = box.change ? `<text x="${width - 20}" y="24" font-size="16" font-weight="700" fill="${edge}">${SIGNS[box.change]}</text>` : "";
  return (
    `<g transform="translate(${place.x} ${place.y})"><title>${escaped(words.title)}</title>${box.stack ? under(8) + under(4) : ""}` +
    `<rect width="${width}" height="${height}" rx="10" fill="${colours.paper}" stroke="${edge}" stroke-width="${focus || box.change ? 2 : 1}"` +
    `${box.change === "removed" ? ' stroke-dasharray="6 4"' : ""}/>` +
    `<rect x="1" y="9" width="4" height="${height - 18}" rx="2" fill="${hue}"/>` +
    `<path transform="translate(16 24) scale(.83)" d="${PATHS[box.stack ? "stack" : kindIcon(box.label, box.kind)]}" fill="none" ` +
    `stroke="${hue}" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round"/>` +
    `<text x="46" y="31" font-weight="600" fill="${colours.ink}" ${fitting(words.title, TITLE)}</text>` +
    `<text x="46" y="50" fill="${colours.faint}" ${fitting(words.line, LINE)}</text>${sign}</g>`
  );
}

/** Signs of changes, beside their colours. */
export const SIGNS = { added: "+", removed: "−", changed: "~" } as const;

/** The rest of a text's tag and what fits in its line; wide letters count twice. */
function fitting(text: string, { size, fits, most }: { size: number; fits: number; most: number }): string {
  let wide = 0;
  let kept = "";
  for (const letter of text) {
    const more = /[\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff\uff00-\uff60]/u.test(letter) ? 2 : 1;
    if (wide + more > most) {
      kept = `${kept.trimEnd()}…`;
      break;
    }
    wide += more;
    kept += letter;
  }
  return `font-size="${Math.round(size * Math.min(1, fits / Math.max(1, wide)) * 10) / 10}">${escaped(kept)}`;
}

/** Without what XML has no place for. */
function escaped(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
