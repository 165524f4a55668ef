/** Asks the worker for places; where no worker can be had, or it hangs, our own ranker answers here. */
import type { Places, Plan } from "./layout";
import { byLite } from "./layout-lite";
import type { Delivery, Order } from "./layout.worker";

const PATIENCE_MILLISECONDS = 8_000;

let worker: Worker | undefined;
let last = 0;
const waiting = new Map<number, (places: Places) => void>();

function started(): Worker {
  if (worker) return worker;
  worker = new Worker(new URL("./layout.worker.ts", import.meta.url), { type: "module" });
  worker.addEventListener("message", ({ data }: MessageEvent<Delivery>) => {
    waiting.get(data.number)?.(data.places);
    waiting.delete(data.number);
  });
  return worker;
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
    const alone = (): void => {
      if (!waiting.delete(number)) return;
      worker?.terminate();
      worker = undefined;
      resolve(byLite(plan));
    };
    waiting.set(number, resolve);
    try {
      const here = started();
      here.addEventListener("error", alone, { once: true });
      here.postMessage({ number, plan } satisfies Order);
      setTimeout(alone, PATIENCE_MILLISECONDS);
    } catch {
      alone();
    }
  });
}
