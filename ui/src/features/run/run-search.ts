/** Which part of a run is looked at, and how its curves are. */
import { lookSearch } from "@/components/charts/look-search";
import type { LookSearch } from "@/components/charts/look-search";
import { sceneLook } from "@/lib/scene-look";
import type { SceneLook } from "@/lib/scene-look";

export const TABS = ["overview", "steps", "metrics", "data", "environment", "code", "files", "logs"] as const;
export type RunTab = (typeof TABS)[number];

export interface RunSearch extends LookSearch, SceneLook {
  tab?: Exclude<RunTab, "overview">;
}

export function runSearch(asked: Record<string, unknown>): RunSearch {
  const { tab } = asked;
  const known = TABS.includes(tab as RunTab) && tab !== "overview";
  return { ...(known ? { tab: tab as Exclude<RunTab, "overview"> } : {}), ...lookSearch(asked), ...sceneLook(asked) };
}
