/** Asks the worker for places; where no worker can be had, or it hangs, our own ranker answers here. */
import type { Places, Plan } from "./layout";
import { byLite } from "./layout-lite";
import type { Delivery, Order } from "./layout.worker";

const PATIENCE_MILLISECONDS = 8_000;

interface Waiting {
  plan: Plan;
  resolve: (places: Places) => void;
}

let worker: Worker | undefined;
let last = 0;
const waiting = new Map<number, Waiting>();

function started(): Worker {
  if (worker) return worker;
  worker = new Worker(new URL("./layout.worker.ts", import.meta.url), { type: "module" });
  worker.addEventListener("message", ({ data }: MessageEvent<Delivery>) => {
    waiting.get(data.number)?.resolve(data.places);
    waiting.delete(data.number);
  });
  worker.addEventListener("error", alone);
  return worker;
}

/** Without that worker: all that wait for it get their places here, the next one asks a new worker. */
function alone(): void {
  worker?.terminate();
  worker = undefined;
  const all = [...waiting.values()];
  waiting.clear();
  for (const { plan, resolve } of all) resolve(byLite(plan));
}

/** Starts the worker, so that it is ready when the scene is. */
export function warmUp(): void {
  try {
    started();
  } catch {
    // Without one, the page lays out by itself.
  }
}

export function layOut(plan: Plan): Promise<Places> {
  const number = (last += 1);
  return new Promise<Places>((resolve) => {
    waiting.set(number, { plan, resolve });
    try {
      started().postMessage({ number, plan } satisfies Order);
      setTimeout(() => waiting.has(number) && alone(), PATIENCE_MILLISECONDS);
    } catch {
      alone();
    }
  });
}
