/** What of the list of runs stands in its address: a link shows the same list to whoever opens it. */
import { USUAL_SORT, isColumn, isSortable } from "./run-columns";

export interface RunsSearch {
  /** words, and comparisons such as `m.loss<0.3` */
  q?: string;
  states?: string[];
  /** uid of a job */
  job?: string;
  /** a column; a minus before it is the greatest first */
  sort?: string;
  cols?: string[];
  /** uid of a shared view, which then says all the rest */
  view?: string;
}

/** What is shown where the address says nothing, in this order. */
export const USUAL_COLUMNS: readonly string[] = ["state", "job", "started", "duration"];
export const STATES = ["RUNNING", "COMPLETE", "FAILED", "ABORTED", "QUEUED", "CACHED", "DECLARED"] as const;

const MOST_COLUMNS = 200;

export function runsSearch(told: Record<string, unknown>): RunsSearch {
  const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
  const texts = (value: unknown): string[] | undefined =>
    Array.isArray(value) ? [...new Set(value.filter((one): one is string => typeof one === "string" && one !== ""))] : undefined;
  const states = texts(told["states"])?.filter((one) => (STATES as readonly string[]).includes(one));
  const wanted = texts(told["cols"]);
  const cols = wanted?.filter(isColumn).slice(0, MOST_COLUMNS);
  const found: { [K in keyof RunsSearch]: RunsSearch[K] | undefined } = {
    q: text(typeof told["q"] === "number" ? String(told["q"]) : told["q"]), // addresses are read as JSON: `q=7` is a number
    states: states?.length ? states : undefined,
    job: text(told["job"]),
    sort: sortIn(told["sort"]),
    cols: wanted?.length && !cols?.length ? undefined : cols,
    view: text(told["view"]),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

function sortIn(told: unknown): string | undefined {
  return typeof told === "string" && told !== USUAL_SORT && isSortable(told.replace(/^-/, "")) ? told : undefined;
}

/** Whether the list is less than all runs of the project. */
export const isFiltered = ({ q, states, job }: RunsSearch): boolean =>
  q !== undefined || states !== undefined || job !== undefined;

/** The search with another value in it; nothing, or an empty one, takes it out. */
export function withValue<K extends keyof RunsSearch>(search: RunsSearch, key: K, value: RunsSearch[K] | undefined): RunsSearch {
  const rest = without(search, key);
  return value === undefined || value.length === 0 ? rest : { ...rest, [key]: value };
}

export function without(search: RunsSearch, ...keys: (keyof RunsSearch)[]): RunsSearch {
  return Object.fromEntries(Object.entries(search).filter(([key]) => !(keys as string[]).includes(key)));
}

export const unfiltered = (search: RunsSearch): RunsSearch => without(search, "q", "states", "job");
