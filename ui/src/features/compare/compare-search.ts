/** What is compared stands in the address, and how it is looked at, so that a link shows the same. */
import { lookSearch } from "@/components/charts/look-search";
import type { LookSearch } from "@/components/charts/look-search";

export const FORMS = ["table", "curves", "scatter", "parallel", "contents"] as const;
export type CompareForm = (typeof FORMS)[number];

export interface CompareSearch extends LookSearch {
  /** UUIDs of runs with dots between: 200 of them still are an address */
  runs?: string;
  /** also what is the same in all runs */
  all?: boolean;
  tab?: Exclude<CompareForm, "table">;
  /** columns of the scatter plot, as `m.` or `p.` and a key */
  x?: string;
  y?: string;
  /** axes of the parallel coordinates, in their order */
  axes?: string[];
  /** runs that are not drawn, as they are named in `runs` */
  off?: string;
  /** the input or output whose contents are laid over each other, and the uids of the two versions */
  what?: string;
  a?: string;
  b?: string;
}

const MOST_AXES = 40;

export function compareSearch(asked: Record<string, unknown>): CompareSearch {
  const { runs, all, tab, x, y, axes, off, what, a, b } = asked;
  const text = (value: unknown): value is string => typeof value === "string" && value !== "";
  return {
    ...(text(runs) ? { runs } : {}),
    ...(all === true ? { all } : {}),
    ...(FORMS.includes(tab as CompareForm) && tab !== "table" ? { tab: tab as Exclude<CompareForm, "table"> } : {}),
    ...(text(x) ? { x } : {}),
    ...(text(y) ? { y } : {}),
    ...(Array.isArray(axes) ? { axes: [...new Set(axes.filter(text))].slice(0, MOST_AXES) } : {}),
    ...(text(off) ? { off } : {}),
    ...(text(what) ? { what } : {}),
    ...(text(a) ? { a } : {}),
    ...(text(b) ? { b } : {}),
    ...lookSearch(asked),
  };
}

/** Uids of the runs that an address names, each once. */
export const runsIn = (text = ""): string[] =>
  [...new Set(text.split(".").filter(Boolean))].map((id) => (id.startsWith("run:") ? id : `run:${id}`));

/** The same with another look at its curves. */
export const withLook = ({ axis: _axis, smooth: _smooth, logx: _logx, logy: _logy, ...rest }: CompareSearch, look: LookSearch): CompareSearch =>
  compareSearch({ ...rest, ...look });
