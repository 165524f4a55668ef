/** Views of the list of runs that are kept by name: what they show, and how those of older browsers get to the server. */
import type { RunState, SavedViewsQuery, SaveViewInput } from "@/gql/graphql";
import { runsSearch, without } from "./runs-search";
import type { RunsSearch } from "./runs-search";

export type View = SavedViewsQuery["savedViews"][number];
export type Kept = Record<string, RunsSearch>;

const place = (project: string): string => `lineage.views.${project}`;

/** What an older web view kept in this browser; what cannot be read counts for nothing. */
export function keptViews(project: string, kept: string | null = localStorage.getItem(place(project))): Kept {
  try {
    const told: unknown = JSON.parse(kept ?? "{}");
    if (typeof told !== "object" || told === null || Array.isArray(told)) return {};
    return Object.fromEntries(Object.entries(told).map(([name, one]) => [name, runsSearch(one as Record<string, unknown>)]));
  } catch {
    return {};
  }
}

/** That the server has it now. */
export function letGo(project: string, name: string): void {
  const rest = Object.fromEntries(Object.entries(keptViews(project)).filter(([other]) => other !== name));
  if (Object.keys(rest).length === 0) localStorage.removeItem(place(project));
  else localStorage.setItem(place(project), JSON.stringify(rest));
}

export const searchOf = ({ text, states, job, sort, columns }: View): RunsSearch => runsSearch({ q: text, states, job, sort, cols: columns });

export function inputOf(project: string, name: string, search: RunsSearch, shared = false): SaveViewInput {
  const { q = "", states = [], job = "", sort = "", cols = null } = search;
  return { project, name, shared, text: q, states: states as RunState[], job, sort, columns: cols };
}

const told = (search: RunsSearch): string => JSON.stringify(Object.entries(without(search, "view")).toSorted(([a], [b]) => a.localeCompare(b)));

export const isSame = (a: RunsSearch, b: RunsSearch): boolean => told(a) === told(b);

/** The view that is shown now, if it is one; one's own before another's. */
export function shownOf(views: readonly View[], search: RunsSearch): View | undefined {
  const found = views.filter((view) => isSame(searchOf(view), search));
  return found.find(({ mine }) => mine) ?? found[0];
}

/** The name under which a view of this browser goes to the server, so that none of there is lost; none where it is there. */
export function nameThere(views: readonly View[], name: string, search: RunsSearch): string | undefined {
  for (let number = 1; ; number += 1) {
    const wanted = number === 1 ? name : `${name} ${number}`;
    const there = views.find((view) => view.mine && view.name === wanted);
    if (!there) return wanted;
    if (isSame(searchOf(there), search)) return undefined;
  }
}

/** What leads to a view: to a shared one by its uid, so that the link goes with it; to another by all that it shows. */
export const linkOf = (view: View): RunsSearch => (view.shared ? { view: view.uid } : searchOf(view));
