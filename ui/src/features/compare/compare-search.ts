/** What is compared stands in the address, so that a link shows the same. */

export const FORMS = ["table", "curves", "scatter", "parallel"] as const;
export type CompareForm = (typeof FORMS)[number];

export interface CompareSearch {
  /** UUIDs of runs with dots between: 200 of them still are an address */
  runs?: string;
  /** also what is the same in all runs */
  all?: boolean;
  tab?: Exclude<CompareForm, "table">;
}

export function compareSearch(asked: Record<string, unknown>): CompareSearch {
  const { runs, all, tab } = asked;
  return {
    ...(typeof runs === "string" && runs !== "" ? { runs } : {}),
    ...(all === true ? { all } : {}),
    ...(FORMS.includes(tab as CompareForm) && tab !== "table" ? { tab: tab as Exclude<CompareForm, "table"> } : {}),
  };
}

/** Uids of the runs that an address names, each once. */
export const runsIn = (text = ""): string[] =>
  [...new Set(text.split(".").filter(Boolean))].map((id) => (id.startsWith("run:") ? id : `run:${id}`));
