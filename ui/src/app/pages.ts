/** The pages that the rail and the palette lead to. */
import type { IconName } from "@/components/icon";
import type { MessageId } from "@/lib/words";

export const PAGES = [
  { to: "/p/$project", icon: "home", name: "page.home", rail: true },
  { to: "/p/$project/runs", icon: "runs", name: "page.runs", rail: true },
  { to: "/p/$project/artifacts", icon: "dataset", name: "page.artifacts", rail: true },
  { to: "/p/$project/models", icon: "model", name: "page.models", rail: true },
  { to: "/p/$project/lineage", icon: "lineage", name: "page.lineage", rail: true },
  { to: "/p/$project/search", icon: "search", name: "page.search", rail: false },
  { to: "/p/$project/projects", icon: "stack", name: "page.projects", rail: false },
  { to: "/p/$project/settings", icon: "settings", name: "page.settings", rail: true },
  { to: "/p/$project/admin", icon: "server", name: "page.admin", rail: true },
] as const satisfies readonly { to: string; icon: IconName; name: MessageId; rail: boolean }[];

export type PageEntry = (typeof PAGES)[number];

/** Pages of one thing belong to the page of all of them. */
const WITHIN: Record<string, string> = { artifact: "artifacts", model: "models", compare: "runs" };

/** Pages that are of no project, wherever their addresses stand. */
const OF_ALL: readonly string[] = ["projects", "admin"];

export const isOfAll = (path: string): boolean => OF_ALL.includes(path.split("/")[3] ?? "");

/** Where one makes tokens and says who is told, which comes before anything is recorded. */
export const isUseful = (path: string): boolean => path.split("/")[3] === "settings";

/** Pages of one thing, which find the project that it is of. */
const LEADING: readonly string[] = ["artifact", "model", "lineage"];

export function leadsOn(path: string): boolean {
  const [, , , name = "", thing = ""] = path.split("/");
  return LEADING.includes(name) || (name === "runs" && thing !== "");
}

/** Which of them an address belongs to. */
export function pageOf(path: string): PageEntry | undefined {
  const name = path.split("/")[3] || undefined;
  const place = name === undefined ? undefined : (WITHIN[name] ?? name);
  return PAGES.find((one) => one.to.split("/")[3] === place);
}

/** Whether an address is one thing of that page, not all of them. */
export function isWithin(path: string): boolean {
  const parts = path.split("/");
  return (parts[3] ?? "") in WITHIN || parts.length > 5;
}
