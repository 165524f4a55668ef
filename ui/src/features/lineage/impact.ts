/** What an impact comes to, as lines of a table. */
import type { ImpactQuery } from "@/gql/graphql";
import { headTitle } from "./causes";

export function impactTable({ deployments, aliases, holds, owners }: ImpactQuery["impact"]): string[][] {
  const node = (what: string) => ({ node: one, distance, live }: ImpactQuery["impact"]["deployments"][number]) =>
    [what, headTitle(one), one.project, String(distance), what === "deployment" ? (live ? "live" : "ended") : one.state, one.uid];
  return [
    ["what", "name", "project", "steps", "state", "uid"],
    ...deployments.map(node("deployment")),
    ...aliases.map((one) => ["alias", `${one.model}@${one.alias}`, one.project, String(one.distance), one.protected ? "protected" : "", one.target]),
    ...holds.map(node("hold")),
    ...owners.map((one) => ["owner", one.owner, one.project, "", `${one.nodes} nodes`, ""]),
  ];
}
