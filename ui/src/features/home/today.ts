/** What changed since the day began where the reader is. Pure. */

interface Changed {
  uid: string;
  at: string | null;
}

/** Midnight before `now` (milliseconds), in the zone of the reader. */
export function dayBegan(now = Date.now()): number {
  const day = new Date(now);
  day.setHours(0, 0, 0, 0);
  return day.getTime();
}

/** The newest first; what did not change today is left out. */
export function changedToday<T extends Changed>(things: readonly T[], now = Date.now()): T[] {
  const began = dayBegan(now);
  const time = ({ at }: Changed): number => (at === null ? 0 : Date.parse(at));
  return things.filter((one) => time(one) >= began).toSorted((a, b) => time(b) - time(a));
}
