/** Which part of a run is looked at. */
export const TABS = ["overview", "metrics", "data", "environment", "code", "files"] as const;
export type RunTab = (typeof TABS)[number];

export interface RunSearch {
  tab?: Exclude<RunTab, "overview">;
}

export function runSearch(asked: Record<string, unknown>): RunSearch {
  const { tab } = asked;
  return TABS.includes(tab as RunTab) && tab !== "overview" ? { tab: tab as Exclude<RunTab, "overview"> } : {};
}
