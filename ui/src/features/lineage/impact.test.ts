import { expect, test } from "vitest";
import type { ImpactQuery } from "@/gql/graphql";
import { impactTable } from "./impact";

type Affected = ImpactQuery["impact"]["deployments"][number];

const affected = (label: string, name: string, live: boolean, told: Partial<Affected["node"]> = {}): Affected => ({
  node: {
    uid: `uid:${name}`,
    label,
    name,
    kind: "",
    project: "shop",
    state: "",
    ordinal: null,
    version: "",
    digest: "",
    size: null,
    group: "",
    jobName: "",
    createdAt: null,
    at: null,
    endedAt: null,
    deletedAt: null,
    stub: false,
    hold: "",
    hidden: false,
    aliases: [],
    ...told,
  } as Affected["node"],
  distance: 3,
  path: [],
  live,
});
const alias = { alias: "prod", model: "model:shop/churn", project: "shop", target: "uid:churn", protected: true, distance: 2, path: [] };

test("an impact is a line for each thing that is hit, and one for each whom to tell", () => {
  const impact = {
    deployments: [affected("Deployment", "api", true, { version: "4" }), affected("Deployment", "old", false)],
    aliases: [alias, { ...alias, alias: "next", protected: false }],
    holds: [affected("ArtifactVersion", "clean", true, { ordinal: 2, state: "SEALED" })],
    owners: [
      { project: "shop", owner: "ann", nodes: 5 },
      { project: "lab", owner: "", nodes: 1 },
    ],
  } as unknown as ImpactQuery["impact"];
  expect(impactTable(impact)).toEqual([
    ["what", "name", "project", "steps", "state", "uid"],
    ["deployment", "api@4", "shop", "3", "live", "uid:api"],
    ["deployment", "old", "shop", "3", "ended", "uid:old"],
    ["alias", "churn@prod", "shop", "2", "protected", "uid:churn"],
    ["alias", "churn@next", "shop", "2", "", "uid:churn"],
    ["hold", "clean@2", "shop", "3", "SEALED", "uid:clean"],
    ["owner", "ann", "shop", "", "5 nodes", ""],
    ["owner", "", "lab", "", "1 nodes", ""],
  ]);
});
