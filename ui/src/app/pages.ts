/** The pages that the rail and the palette lead to. */
import type { IconName } from "@/components/icon";
import type { MessageId } from "@/lib/words";

export const PAGES = [
  { to: "/p/$project", icon: "home", name: "page.home" },
  { to: "/p/$project/runs", icon: "runs", name: "page.runs" },
  { to: "/p/$project/artifacts", icon: "dataset", name: "page.artifacts" },
  { to: "/p/$project/models", icon: "model", name: "page.models" },
  { to: "/p/$project/lineage", icon: "lineage", name: "page.lineage" },
] as const satisfies readonly { to: string; icon: IconName; name: MessageId }[];

/** Pages of one thing belong to the page of all of them. */
const WITHIN: Record<string, string> = { artifact: "artifacts", model: "models" };

/** Which of them an address belongs to. */
export function pageOf(path: string): (typeof PAGES)[number] | undefined {
  const name = path.split("/")[3] || undefined;
  const place = name === undefined ? undefined : (WITHIN[name] ?? name);
  return PAGES.find((one) => one.to.split("/")[3] === place);
}
