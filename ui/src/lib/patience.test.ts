import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { patiently } from "./patience";

const never = (signal: AbortSignal): Promise<string> =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(new DOMException("left", "AbortError"))));
const giveUp = (why: string): Error => new Error(`away: ${why}`);
const health = vi.fn<() => Promise<Response>>();

function says(ok: boolean): void {
  const parts = { graph: { ok, detail: "no answer" }, ingest: { ok: false, detail: "full" } };
  health.mockImplementation(() => new Promise((resolve) => setTimeout(() => resolve(Response.json({ parts })), 100)));
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("fetch", health);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  health.mockReset();
});

test("what is answered soon asks nobody else", async () => {
  expect(await patiently(() => Promise.resolve("here"), undefined, giveUp)).toBe("here");
  await vi.advanceTimersByTimeAsync(10_000);
  expect(health).not.toHaveBeenCalled();
});

test("where the graph is away one gives up, and what was asked is left", async () => {
  says(false);
  const left = vi.fn<() => void>();
  const asked = patiently((signal) => (signal.addEventListener("abort", left), never(signal)), undefined, giveUp);
  const refused = expect(asked).rejects.toThrow("away: no answer");
  await vi.advanceTimersByTimeAsync(2_000);
  await refused;
  expect(left).toHaveBeenCalled();
});

test("a graph that answers is waited for, however slow it is and whatever else is away", async () => {
  says(true);
  let answer: (told: string) => void = () => undefined;
  const asked = patiently(() => new Promise<string>((resolve) => (answer = resolve)), undefined, giveUp);
  await vi.advanceTimersByTimeAsync(20_000);
  answer("late");
  expect(await asked).toBe("late");
  expect(health.mock.calls.length).toBeGreaterThan(5);
});

test("many that wait ask once", async () => {
  says(false);
  const all = Promise.allSettled([1, 2, 3].map(() => patiently(never, undefined, giveUp)));
  await vi.advanceTimersByTimeAsync(2_000);
  expect((await all).map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
  expect(health).toHaveBeenCalledTimes(1);
});

test("who leaves ends it", async () => {
  const leaving = new AbortController();
  const asked = patiently(never, leaving.signal, giveUp);
  const refused = expect(asked).rejects.toThrow("left");
  leaving.abort();
  await refused;
});
