/** Readings of what may change often: what happens together is one reading, and none begins before the last has
 * ended. A slow server would otherwise be asked ever more, and each question would give up the one before it. */

export interface Calm {
  /** Something changed: it is read soon. */
  told: () => void;
  /** Nothing is read any more. */
  stop: () => void;
}

/** `read` returns when it has ended; `calm`: milliseconds that it waits for what else happens; `apart`: between the
 * beginnings of two readings at least. */
export function calmly(read: () => unknown, calm: number, apart = calm): Calm {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = -Infinity;
  let reading = false;
  let again = false;
  let over = false;
  const told = (): void => {
    if (over) return;
    if (reading) again = true;
    else timer ??= setTimeout(() => void begin(), Math.max(calm, last + apart - performance.now()));
  };
  const begin = async (): Promise<void> => {
    timer = undefined;
    last = performance.now();
    [reading, again] = [true, false];
    await Promise.allSettled([read()]);
    reading = false;
    if (again) told();
  };
  const stop = (): void => {
    over = true;
    clearTimeout(timer);
  };
  return { told, stop };
}
