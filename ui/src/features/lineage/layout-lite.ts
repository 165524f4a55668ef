/** Our own ranker, near linear: layers by longest path, order in them by the middle of the neighbours. Pictures of
 * the client and of the terminal are laid out alike (`lineage_server/client/render/layout.py`): `layout-examples.json`
 * holds both to that. */
import { GAP_ACROSS, GAP_ALONG } from "./layout";
import type { Places, Plan } from "./layout";

const SWEEPS = 10;

export function byLite(plan: Plan): Places {
  const known = new Set(plan.boxes.map(({ id }) => id));
  const lines = plan.lines.filter(({ from, to }) => from !== to && known.has(from) && known.has(to));
  const layers = layersOf([...known], lines);
  const near = neighboursOf(lines);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) order(layers, near, sweep % 2 === 0);
  return placesOf(plan, layers);
}

type Lines = Plan["lines"];

/** Boxes by the longest way to them; of a circle the edge that closes it does not count. */
function layersOf(ids: readonly string[], lines: Lines): string[][] {
  const out = new Map<string, string[]>();
  const waits = new Map(ids.map((id) => [id, 0]));
  for (const { from, to } of lines) {
    listed(out, from).push(to);
    waits.set(to, (waits.get(to) ?? 0) + 1);
  }
  const rank = new Map<string, number>();
  const todo = ids.filter((id) => waits.get(id) === 0);
  const rest = new Set(ids);
  let first = 0;
  while (rest.size > 0) {
    while (!rest.has(ids[first] ?? "")) first += 1;
    const id = todo.pop() ?? ids[first] ?? "";
    if (!rest.delete(id)) continue;
    const here = rank.get(id) ?? 0;
    rank.set(id, here);
    for (const next of out.get(id) ?? []) {
      if (!rest.has(next)) continue;
      rank.set(next, Math.max(rank.get(next) ?? 0, here + 1));
      const left = (waits.get(next) ?? 1) - 1;
      waits.set(next, left);
      if (left === 0) todo.push(next);
    }
  }
  const layers: string[][] = [];
  for (const id of ids) (layers[rank.get(id) ?? 0] ??= []).push(id);
  return Array.from(layers, (layer) => layer ?? []);
}

function neighboursOf(lines: Lines): Map<string, string[]> {
  const near = new Map<string, string[]>();
  for (const { from, to } of lines) {
    listed(near, from).push(to);
    listed(near, to).push(from);
  }
  return near;
}

function listed(lists: Map<string, string[]>, id: string): string[] {
  const found = lists.get(id) ?? [];
  if (found.length === 0) lists.set(id, found);
  return found;
}

/** One sweep over the layers: each box to the middle of its neighbours' places. */
function order(layers: string[][], near: Map<string, string[]>, forward: boolean): void {
  const place = new Map<string, number>();
  const settle = (layer: readonly string[]): void =>
    layer.forEach((id, at) => place.set(id, (at + 0.5) / layer.length));
  layers.forEach(settle);
  const middle = (id: string): number => {
    const places = (near.get(id) ?? []).map((one) => place.get(one) ?? 0.5);
    return places.length ? places.reduce((sum, one) => sum + one, 0) / places.length : (place.get(id) ?? 0.5);
  };
  for (const layer of forward ? layers : layers.toReversed()) {
    const middles = new Map(layer.map((id) => [id, middle(id)]));
    layer.splice(0, layer.length, ...layer.toSorted((a, b) => (middles.get(a) ?? 0) - (middles.get(b) ?? 0)));
    settle(layer);
  }
}

function placesOf(plan: Plan, layers: readonly string[][]): Places {
  const sizes = new Map(plan.boxes.map((box) => [box.id, box]));
  const tall = (layer: readonly string[]): number =>
    layer.reduce((sum, id) => sum + (sizes.get(id)?.height ?? 0) + GAP_ALONG, -GAP_ALONG);
  const most = Math.max(0, ...layers.map(tall));
  const places: Record<string, { x: number; y: number }> = {};
  let x = 0;
  for (const layer of layers) {
    let y = Math.round((most - tall(layer)) / 2);
    for (const id of layer) {
      places[id] = { x, y };
      y += (sizes.get(id)?.height ?? 0) + GAP_ALONG;
    }
    x += Math.max(0, ...layer.map((id) => sizes.get(id)?.width ?? 0)) + GAP_ACROSS;
  }
  return places;
}
