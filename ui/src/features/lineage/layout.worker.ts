/** Lays out beside the page, so that it is never blocked. */
import { CARD } from "./geometry";
import { enginesFor } from "./layout";
import type { Engine, Places, Plan } from "./layout";
import { byDagre } from "./layout-dagre";
import { byDot } from "./layout-dot";
import { byLite } from "./layout-lite";

export interface Order {
  number: number;
  plan: Plan;
}

export interface Delivery {
  number: number;
  places: Places;
  engine: Engine;
}

const ENGINES: Record<Engine, (plan: Plan) => Places | Promise<Places>> = { dot: byDot, dagre: byDagre, lite: byLite };

/** Three columns of eight, with crossings to undo. */
const PROBE: Plan = {
  boxes: Array.from({ length: 24 }, (_, at) => ({ id: `${at}`, ...CARD })),
  lines: Array.from({ length: 48 }, (_, at) => ({ from: `${at % 16}`, to: `${at < 16 ? (at % 8) + 8 : 16 + ((at * 5) % 8)}` })),
};

self.addEventListener("message", ({ data }: MessageEvent<Order>) => {
  void laidOut(data.plan).then((laid) => self.postMessage({ number: data.number, ...laid } satisfies Delivery));
});
// While the scene is on its way: code is compiled when it is first run, so it runs once before somebody waits for it.
// A page that may run no WebAssembly takes the next engine.
byDot(PROBE).catch(() => undefined);

/** By the first engine that can. */
async function laidOut(plan: Plan): Promise<{ places: Places; engine: Engine }> {
  for (const engine of enginesFor(plan)) {
    try {
      const places = await ENGINES[engine](plan);
      if (Object.keys(places).length === plan.boxes.length) return { places, engine };
    } catch {
      continue;
    }
  }
  return { places: byLite(plan), engine: "lite" };
}
