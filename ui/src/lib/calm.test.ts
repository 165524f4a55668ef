import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { calmly } from "./calm";

let under = 0;
let most = 0;
const slow = (milliseconds: number) =>
  vi.fn(async () => {
    most = Math.max(most, ++under);
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    under -= 1;
  });

/** Something happens every 12 ms for a minute: 5,000 times. */
async function burst(told: () => void): Promise<void> {
  for (let at = 0; at < 5_000; at += 1) {
    told();
    await vi.advanceTimersByTimeAsync(12); // one after the other, as they happen
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  under = most = 0;
});
afterEach(() => vi.useRealTimers());

test("a burst is read a few times, never twice at once, and once more after it", async () => {
  const read = slow(2_000);
  const { told } = calmly(read, 300);
  await burst(told);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(most).toBe(1);
  expect(read.mock.calls.length).toBeGreaterThan(20);
  expect(read.mock.calls.length).toBeLessThanOrEqual(28);
});

test("readings begin as far apart as asked for, the first one soon", async () => {
  const read = slow(10);
  const { told } = calmly(read, 300, 5_000);
  told();
  await vi.advanceTimersByTimeAsync(300);
  expect(read).toHaveBeenCalledTimes(1);
  await burst(told);
  expect(read.mock.calls.length).toBeLessThanOrEqual(13);
});

test("what fails is read again when there is more, and nothing after the end", async () => {
  const read = vi.fn(() => Promise.reject(new Error("away")));
  const { told, stop } = calmly(read, 300);
  for (let times = 1; times <= 2; times += 1) {
    told();
    await vi.advanceTimersByTimeAsync(1_000); // each has its own turn
    expect(read).toHaveBeenCalledTimes(times);
  }
  told();
  stop();
  told();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(read).toHaveBeenCalledTimes(2);
});
