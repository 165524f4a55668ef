/** Lays out beside the page, so that it is never blocked. */
import { engineFor } from "./layout";
import type { Places, Plan } from "./layout";
import { byDagre } from "./layout-dagre";
import { byLite } from "./layout-lite";

export interface Order {
  number: number;
  plan: Plan;
}

export interface Delivery {
  number: number;
  places: Places;
}

self.addEventListener("message", ({ data }: MessageEvent<Order>) => {
  self.postMessage({ number: data.number, places: laidOut(data.plan) } satisfies Delivery);
});

/** What dagre cannot do, the simple ranker can. */
function laidOut(plan: Plan): Places {
  if (engineFor(plan) === "lite") return byLite(plan);
  try {
    return byDagre(plan);
  } catch {
    return byLite(plan);
  }
}
