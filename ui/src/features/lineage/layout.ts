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

export type Engine = "dagre" | "lite";

export const GAP_ACROSS = 96;
export const GAP_ALONG = 22;
/** Above this dagre takes seconds (1,000 boxes: 2.6 s measured), our own ranker milliseconds. */
const MOST_FOR_DAGRE = 800;
const MOST_LINES_FOR_DAGRE = 1_600;

/** What suits a plan; counting comes before laying out, so that no engine is handed what it cannot do. */
export function engineFor(plan: Plan): Engine {
  return plan.boxes.length > MOST_FOR_DAGRE || plan.lines.length > MOST_LINES_FOR_DAGRE ? "lite" : "dagre";
}
