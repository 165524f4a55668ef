/** What an impact comes to, as lines of a table. */
import type { ImpactQuery } from "@/gql/graphql";
import { headTitle } from "./causes";

type AffectedAlias = ImpactQuery["impact"]["aliases"][number];

/** `churn@prod` for the alias `prod` of `model:team-a/churn`. */
export const aliasTitle = ({ model, alias }: Pick<AffectedAlias, "model" | "alias">): string => `${model.slice(model.indexOf("/") + 1)}@${alias}`;

export function impactTable({ deployments, aliases, holds, owners }: ImpactQuery["impact"]): string[][] {
  const node = (what: string) => ({ node: one, distance, live }: ImpactQuery["impact"]["deployments"][number]) =>
    [what, headTitle(one), one.project, String(distance), what === "deployment" ? (live ? "live" : "ended") : one.state, one.uid];
  return [
    ["what", "name", "project", "steps", "state", "uid"],
    ...deployments.map(node("deployment")),
    ...aliases.map((one) => ["alias", aliasTitle(one), one.project, String(one.distance), one.protected ? "protected" : "", one.target]),
    ...holds.map(node("hold")),
    ...owners.map((one) => ["owner", one.owner, one.project, "", `${one.nodes} nodes`, ""]),
  ];
}
