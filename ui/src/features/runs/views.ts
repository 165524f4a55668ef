/** Views that were kept by name: what was asked, in this browser. An address says the same to others. */
import { runsSearch } from "./runs-search";
import type { RunsSearch } from "./runs-search";

export type Views = Record<string, RunsSearch>;

const place = (project: string): string => `lineage.views.${project}`;

/** What is kept; what cannot be read counts for nothing. */
export function keptViews(project: string, kept: string | null = localStorage.getItem(place(project))): Views {
  try {
    const told: unknown = JSON.parse(kept ?? "{}");
    if (typeof told !== "object" || told === null || Array.isArray(told)) return {};
    return Object.fromEntries(Object.entries(told).map(([name, one]) => [name, runsSearch(one as Record<string, unknown>)]));
  } catch {
    return {};
  }
}

export function keepViews(project: string, views: Views): void {
  localStorage.setItem(place(project), JSON.stringify(views));
}

/** The name of the view that is shown now, if it is one. */
export function nameOf(views: Views, search: RunsSearch): string | undefined {
  const now = told(search);
  return Object.keys(views).find((name) => told(views[name] ?? {}) === now);
}

const told = (search: RunsSearch): string =>
  JSON.stringify(Object.entries(search).toSorted(([a], [b]) => a.localeCompare(b)));
