/** Where the steps of a run stand in its time, as parts of the whole: what a bar of each begins and ends at. */

export interface Timed {
  uid: string;
  startedAt: string | null;
  endedAt: string | null;
  state: string | null;
}

export interface Span {
  /** from 0 to 1; it ends where it begins where nobody told how long it took */
  begin: number;
  end: number;
  /** seconds from the beginning of the first */
  after: number;
  /** seconds; nothing where its end is not known */
  took: number | undefined;
  running: boolean;
}

export interface Timeline<T extends Timed> {
  /** by their beginning; those that have none come last, as they were told */
  steps: readonly T[];
  /** of those that have begun, by uid */
  spans: ReadonlyMap<string, Span>;
  /** seconds from the first beginning to the last end that is known */
  seconds: number;
}

/** `now` in milliseconds: until then goes what still runs. */
export function timelineOf<T extends Timed>(steps: readonly T[], now: number): Timeline<T> {
  const begun = steps.flatMap((step) => (step.startedAt === null ? [] : [{ step, from: Date.parse(step.startedAt), to: endOf(step, now) }]));
  begun.sort((a, b) => a.from - b.from);
  const first = begun[0]?.from ?? 0;
  const last = begun.reduce((most, { from, to = from }) => Math.max(most, to), first);
  const part = (time: number): number => (last === first ? 0 : (time - first) / (last - first));
  const spans = begun.map(({ step, from, to }): [string, Span] => {
    const took = to === undefined ? undefined : (to - from) / 1_000;
    return [step.uid, { begin: part(from), end: part(to ?? from), after: (from - first) / 1_000, took, running: isRunning(step) }];
  });
  const rest = steps.filter(({ startedAt }) => startedAt === null);
  return { steps: [...begun.map(({ step }) => step), ...rest], spans: new Map(spans), seconds: (last - first) / 1_000 };
}

const isRunning = ({ state, endedAt }: Timed): boolean => state === "RUNNING" && endedAt === null;

/** Clocks differ: nothing ends before it begins. */
function endOf(step: Timed, now: number): number | undefined {
  const from = Date.parse(step.startedAt ?? "");
  if (step.endedAt !== null) return Math.max(from, Date.parse(step.endedAt));
  return isRunning(step) ? Math.max(from, now) : undefined;
}
