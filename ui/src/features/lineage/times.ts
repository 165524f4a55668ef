/** Times at which a picture can have changed, as the stops of a slider. */
import type { Scene } from "./scene";

/** RFC 3339 in UTC, oldest first; from when the focus came to be, since before it there is no picture. The
 * newest is not among them: it is now. */
export function stopsOf(scene: Scene, more: readonly (string | undefined)[] = []): string[] {
  const born = scene.boxes.get(scene.focus)?.at ?? "";
  const times = [...scene.boxes.values()].map(({ at }) => at).filter((at) => at !== null);
  const all = [...times, ...more.filter((at) => at !== undefined)].map(utc).toSorted();
  return [...new Set(all)].filter((at) => born === "" || at >= utc(born));
}

/** In one spelling, so that times can be compared as texts; rounded up, for what happened within it counts. */
export function utc(time: string): string {
  const [, fraction = ""] = /\.(\d+)/.exec(time) ?? [];
  const rest = Number(fraction.slice(3).padEnd(1, "0")) > 0 ? 1 : 0;
  return new Date(Date.parse(time) + rest).toISOString();
}
