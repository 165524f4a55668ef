/** The scene of an address: one question, whatever was opened, brought in or laid over it. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import {
  LineageSceneDocument,
  LineageTimesDocument,
  LineageVersusDocument,
  MetricsOfDocument,
  ModelVersionsDocument,
  NodesDocument,
  VersionsDocument,
} from "@/gql/graphql";
import { ask } from "@/lib/graphql";
import { pageAfter } from "@/lib/pages";
import { compared, versus } from "./difference";
import type { Difference } from "./difference";
import type { LineageSearch } from "./lineage-search";
import { NOW, isTime } from "./lineage-search";
import { metricOf, runsInStacks, sceneOf } from "./scene";
import type { Box, Scene } from "./scene";
import { selectionOf } from "./selector";

/** Boxes of one picture before like siblings fold; more than these nobody reads. */
export const MOST_BOXES = 250;
const BUDGET = { nodes: MOST_BOXES, perNode: 50 };
const STEPS_OF_CAUSES = 10;
const VERSIONS_OF_A_PAGE = 50;
/** As many as the server tells of at once. */
const MOST_TAGGED = 500;
/** Runs that are looked at for the names of their metrics. */
const MOST_MEASURED = 100;

export type Asked = Pick<LineageSearch, "up" | "down" | "more" | "pin" | "view" | "group" | "best" | "asOf" | "vs"> & { focus: string };

export interface Answer {
  scene: Scene;
  /** as things are now, where that is not the scene */
  today: Scene;
  /** of two versions: what is different about them */
  causes: Causes | null;
}

export interface Causes {
  differences: readonly Difference[];
  /** uids of the earliest and of the one that no other explains */
  first: readonly string[];
  root: readonly string[];
  same: number;
}

/** What of an address a question depends on; the rest is only how the answer is shown. */
export function askedOf({ focus = "", up, down, more, pin, view, group, best, asOf, vs }: LineageSearch): Asked {
  const told = selectionOf(focus);
  const steps = { up: told.up ?? up, down: told.down ?? down };
  return JSON.parse(JSON.stringify({ focus: told.focus, ...steps, more, pin, view, group, best, asOf, vs })) as Asked;
}

export const sceneKey = (project: string, asked: Asked) => ["lineage", project, asked] as const;

export const sceneQuery = (project: string, asked: Asked) =>
  queryOptions({
    queryKey: sceneKey(project, asked),
    queryFn: ({ signal }) => readScene(project, asked, signal),
    // It moves when one says so (`use-live-scene`), not when a window comes to the front.
    staleTime: Infinity,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });

/** Asks the server, whatever is known already; raises AskError. */
export async function readScene(project: string, asked: Asked, signal: AbortSignal): Promise<Answer> {
  const { focus, up = 1, down = 1, more = [], pin = [], best = "", asOf, vs } = asked;
  const pinned = pin.map((uid) => `=${uid}`);
  if (vs !== undefined && !isTime(vs)) {
    const answer = await ask(LineageVersusDocument, { a: vs, b: focus, up: STEPS_OF_CAUSES, groupBy: "NONE", budget: BUDGET, opened: pinned, project }, signal);
    const scene = versus(answer);
    const { differences, firstByTime, firstByDependency, same } = answer.lineageDiff;
    const uids = (one: typeof firstByTime): string[] => [one?.before?.uid, one?.after?.uid].filter((uid) => uid !== undefined);
    return { scene, today: scene, causes: { differences, first: uids(firstByTime), root: uids(firstByDependency), same } };
  }
  const view = {
    focus,
    up,
    down,
    project,
    budget: BUDGET,
    view: asked.view ?? ("VERSION" as const),
    groupBy: asked.group ?? ("JOB" as const),
    opened: [...more, ...pinned],
    bestMetric: metricOf(best),
    higherIsBetter: !best.startsWith("-"),
  };
  if (asOf === undefined && (vs === undefined || vs === NOW)) {
    const scene = sceneOf((await ask(LineageSceneDocument, view, signal)).lineageScene, view.bestMetric);
    return { scene, today: scene, causes: null };
  }
  const [before, after] = [asOf, vs].filter((time) => time !== undefined && time !== NOW).toSorted() as [string, string?];
  const told = await ask(LineageTimesDocument, { ...view, before, after: after ?? null }, signal);
  const [then, now] = [sceneOf(told.before, view.bestMetric), sceneOf(told.after, view.bestMetric)];
  return { scene: vs === undefined ? then : compared(then, now), today: now, causes: null };
}

/** Of members of a stack, what a page of them shows. */
export const membersQuery = (project: string, uids: readonly string[]) =>
  queryOptions({
    queryKey: ["members", project, uids],
    queryFn: async ({ signal }) => ({ uids, nodes: (await ask(NodesDocument, { project, uids: [...uids] }, signal)).nodes }),
  });

/** Tags of the boxes of a scene, for which it is not asked before somebody wants to choose by them. */
export const tagsQuery = (project: string, scene: Scene | undefined, wanted: boolean) => {
  const uids = scene ? [...scene.boxes.values()].filter(({ stack, opaque }) => !stack && !opaque).map(({ id }) => id).slice(0, MOST_TAGGED) : [];
  return queryOptions({
    queryKey: ["tags of", project, scene?.version],
    enabled: wanted && uids.length > 0,
    queryFn: async ({ signal }) => {
      const { nodes } = await ask(NodesDocument, { project, uids }, signal);
      return new Map(nodes.map((node, at) => [uids[at] ?? "", (node?.tags ?? []).map(({ key, value }) => (value === "" ? key : `${key}=${value}`))]));
    },
  });
};

/** Names of the metrics that runs in stacks have, asked for as tags are. */
export const metricsQuery = (project: string, scene: Scene | undefined, wanted: boolean) => {
  const uids = runsInStacks(scene).slice(0, MOST_MEASURED);
  return queryOptions({
    queryKey: ["metrics of", project, scene?.version],
    enabled: wanted && uids.length > 0,
    queryFn: async ({ signal }) => {
      const { nodes } = await ask(MetricsOfDocument, { project, uids }, signal);
      const maps = nodes.map((node) => (node && "metricMap" in node ? (node.metricMap as Record<string, number>) : {}));
      return [...new Set(maps.flatMap((metrics) => Object.keys(metrics)))].toSorted();
    },
  });
};

export interface Version {
  uid: string;
  title: string;
  at: string | null;
}

interface VersionsPage {
  versions: readonly Version[];
  pageInfo: Parameters<typeof pageAfter>[0];
}

/** Versions of what a box is a version of, a page at a time, the newest first. */
export const versionsQuery = (box: Pick<Box, "id" | "label">) =>
  infiniteQueryOptions({
    queryKey: ["versions of", box.id],
    enabled: hasVersions(box),
    initialPageParam: "",
    queryFn: async ({ signal, pageParam: after }): Promise<VersionsPage> => {
      const whole = box.id.slice(box.id.indexOf(":") + 1, box.id.lastIndexOf("@"));
      if (box.label === "ModelVersion") {
        const [project = "", model = ""] = [whole.slice(0, whole.indexOf("/")), whole.slice(whole.indexOf("/") + 1)];
        const { edges, pageInfo } = (await ask(ModelVersionsDocument, { model, project, first: VERSIONS_OF_A_PAGE, after }, signal)).modelVersions;
        return { versions: edges.map(({ node }) => ({ uid: node.uid, title: `${node.name}@${node.version}`, at: node.createdAt ?? null })), pageInfo };
      }
      const { edges, pageInfo } = (await ask(VersionsDocument, { artifact: `artifact:${whole}`, first: VERSIONS_OF_A_PAGE, after }, signal)).versions;
      return { versions: edges.map(({ node }) => ({ uid: node.uid, title: `${node.name}@${node.ordinal ?? ""}`, at: node.sealedAt ?? null })), pageInfo };
    },
    getNextPageParam: ({ pageInfo }) => pageAfter(pageInfo),
  });

export const hasVersions = ({ label }: Pick<Box, "label">): boolean => label === "ArtifactVersion" || label === "ModelVersion";
