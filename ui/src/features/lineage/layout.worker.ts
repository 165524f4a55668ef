/** Lays out beside the page, so that it is never blocked. */
import { enginesFor } from "./layout";
import type { Engine, Places, Plan } from "./layout";
import { byDagre } from "./layout-dagre";
import { byDot, graphviz } from "./layout-dot";
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

self.addEventListener("message", ({ data }: MessageEvent<Order>) => {
  void laidOut(data.plan).then((laid) => self.postMessage({ number: data.number, ...laid } satisfies Delivery));
});
// While the scene is on its way; a page that may run no WebAssembly takes the next engine.
graphviz().catch(() => undefined);

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
