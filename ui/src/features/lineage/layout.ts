/** Where boxes stand: one interface for all engines, and the choice among them before any is started. */
export interface Size {
  id: string;
  width: number;
  height: number;
}

export interface Plan {
  boxes: readonly Size[];
  lines: readonly { from: string; to: string }[];
}

/** The upper left corner of each box. */
export type Places = Readonly<Record<string, { x: number; y: number }>>;

export type Engine = "dot" | "dagre" | "lite";

export const GAP_ACROSS = 96;
export const GAP_ALONG = 22;
/** Above these the layered engines take seconds (1,000 boxes: 1.3 to 2.6 s measured), our own ranker milliseconds. */
const MOST_BOXES = 800;
const MOST_LINES = 1_600;
/** A hub of more spends the time of `dot` on a column that nobody reads; a longer chain on ranks. */
const MOST_AT_ONE = 300;
const LONGEST_PATH = 400;
/** dagre is a quarter as fast as `dot`. */
const MOST_FOR_DAGRE = 400;

/** What a plan asks of an engine. */
export interface Measure {
  boxes: number;
  lines: number;
  /** lines at one box */
  most: number;
  /** boxes one after the other; of circles a bound */
  longest: number;
}

export function measure(plan: Plan): Measure {
  const degrees = new Map<string, number>();
  const out = new Map<string, string[]>();
  const waits = new Map(plan.boxes.map(({ id }) => [id, 0]));
  for (const { from, to } of plan.lines) {
    degrees.set(from, (degrees.get(from) ?? 0) + 1);
    degrees.set(to, (degrees.get(to) ?? 0) + 1);
    waits.set(to, (waits.get(to) ?? 0) + 1);
    const ways = out.get(from);
    if (ways) ways.push(to);
    else out.set(from, [to]);
  }
  let most = 0;
  for (const degree of degrees.values()) most = Math.max(most, degree);
  let level = [...waits].filter(([, count]) => count === 0).map(([id]) => id);
  let longest = 0;
  for (; level.length > 0; longest += 1) {
    const next: string[] = [];
    for (const id of level) {
      for (const to of out.get(id) ?? []) {
        const left = (waits.get(to) ?? 0) - 1;
        waits.set(to, left);
        if (left === 0) next.push(to);
      }
    }
    level = next;
  }
  return { boxes: plan.boxes.length, lines: plan.lines.length, most, longest };
}

/** Engines that suit a plan, the best first; counting comes before laying out, so that none is handed what it
 * cannot do. The last one can do all. */
export function enginesFor(plan: Plan): readonly Engine[] {
  const { boxes, lines, most, longest } = measure(plan);
  if (boxes > MOST_BOXES || lines > MOST_LINES || most > MOST_AT_ONE || longest > LONGEST_PATH) return ["lite"];
  return boxes > MOST_FOR_DAGRE ? ["dot", "lite"] : ["dot", "dagre", "lite"];
}
