/** A scene as the view holds it, and pure questions about it. Nothing here knows React or the screen. */
import type { LineageSceneQuery } from "@/gql/graphql";

export type SceneAnswer = Pick<
  LineageSceneQuery["lineageScene"],
  "focus" | "version" | "isPartial" | "reason" | "nodes" | "groups" | "edges"
>;
/** What became of a box or a line between the two scenes that are laid over each other. */
export type Change = "added" | "removed" | "changed";
export type Side = "UPSTREAM" | "DOWNSTREAM" | "BOTH";

/** A node, or a stack of like nodes that share their neighbours. */
export interface Box {
  id: string;
  label: string;
  kind: string;
  /** as people call it, with its version */
  title: string;
  project: string;
  /** uid of the artifact or job that it is of; empty for what is of none */
  owner: string;
  state: string;
  side: Side;
  depth: number;
  /** edges that go on from it and are not drawn */
  hiddenUp: number;
  hiddenDown: number;
  at: string | null;
  aliases: readonly string[];
  /** in a project that one may not see */
  opaque: boolean;
  stack: Stack | null;
  change: Change | null;
  /** its title in the other scene, where that was another */
  was?: string | undefined;
}

export interface Stack {
  count: number;
  states: Readonly<Record<string, number>>;
  /** uids of the first of them */
  members: readonly string[];
  /** of the metric that was asked for, where one of them has it */
  best: { metric: string; value: number } | null;
}

export interface Line {
  from: string;
  to: string;
  type: string;
  weight: number;
  roles: readonly string[];
  change: Change | null;
}

export interface Scene {
  focus: string;
  boxes: ReadonlyMap<string, Box>;
  lines: readonly Line[];
  /** changes exactly when the picture does */
  version: string;
  /** something within the asked steps is missing, and why */
  partial: boolean;
  reason: string;
}

/** A version bears its number, one of a registered model its own. */
function titleOf({ label, name, jobName, ordinal, version }: SceneAnswer["nodes"][number]["node"]): string {
  if (label === "ModelVersion" && version) return `${name}@${version}`;
  // Of artifacts it counts versions, of runs attempts: no part of their names.
  return ordinal === null || label !== "ArtifactVersion" ? name || jobName : `${name}@${ordinal}`;
}

/** The name of a metric in `acc`, the highest of which is the best, and in `-loss`, the lowest. */
export const metricOf = (best: string): string => best.replace(/^-/, "");

/** Runs among the first of each stack. */
export const runsInStacks = (scene: Scene | undefined): string[] =>
  scene ? [...scene.boxes.values()].flatMap(({ stack }) => stack?.members ?? []).filter((uid) => uid.startsWith("run:")) : [];

/** `metric`: of which stacks tell the best. */
export function sceneOf(answer: SceneAnswer, metric = ""): Scene {
  const nodes = answer.nodes.map((told): [string, Box] => {
    const { node } = told;
    return [
      node.uid,
      {
        id: node.uid,
        label: node.label,
        kind: node.kind,
        title: titleOf(node),
        project: node.project,
        owner: node.group,
        state: told.status,
        side: told.side,
        depth: told.depth,
        hiddenUp: told.hiddenUp,
        hiddenDown: told.hiddenDown,
        at: node.at,
        aliases: node.aliases,
        opaque: node.hidden,
        stack: null,
        change: null,
      },
    ];
  });
  const groups = answer.groups.map((group): [string, Box] => [
    group.id,
    {
      id: group.id,
      label: group.label,
      kind: group.kind,
      title: group.name,
      project: "",
      owner: "",
      state: "",
      side: group.side,
      depth: group.depth,
      hiddenUp: group.hiddenUp,
      hiddenDown: group.hiddenDown,
      at: null,
      aliases: [],
      opaque: false,
      stack: {
        count: group.count,
        states: group.states as Record<string, number>,
        members: group.members,
        best: group.bestValue === null ? null : { metric, value: group.bestValue },
      },
      change: null,
    },
  ]);
  return {
    focus: answer.focus,
    boxes: new Map([...nodes, ...groups]),
    lines: answer.edges.map((edge) => ({ ...edge, change: null })),
    version: answer.version,
    partial: answer.isPartial,
    reason: answer.reason,
  };
}

/** Neighbours of each box on each side, made once for a scene. */
export interface Ways {
  up: ReadonlyMap<string, readonly string[]>;
  down: ReadonlyMap<string, readonly string[]>;
}

export function waysOf(scene: Scene): Ways {
  const up = new Map<string, string[]>();
  const down = new Map<string, string[]>();
  const add = (map: Map<string, string[]>, key: string, value: string): void => {
    const found = map.get(key);
    if (found) found.push(value);
    else map.set(key, [value]);
  };
  for (const { from, to } of scene.lines) {
    add(up, to, from);
    add(down, from, to);
  }
  return { up, down };
}

/** A box and all that can be reached from it against the flow and along it, never back and forth. */
export function pathsThrough(ways: Ways, id: string): ReadonlySet<string> {
  return new Set([...reached(ways.up, id), ...reached(ways.down, id)]);
}

/** What one comes back from: all that lies both before a box and after it, itself included. */
export function roundabout(ways: Ways, id: string): ReadonlySet<string> {
  const behind = reached(ways.up, id);
  return new Set([...reached(ways.down, id)].filter((one) => behind.has(one)));
}

/** A box and those next to it. */
export function besides(ways: Ways, id: string): ReadonlySet<string> {
  return new Set([id, ...(ways.up.get(id) ?? []), ...(ways.down.get(id) ?? [])]);
}

/** What lies on the ways from one box to another, whichever comes first; empty where there is none. */
export function between(ways: Ways, one: string, other: string): ReadonlySet<string> {
  for (const [from, to] of [[one, other], [other, one]] as const) {
    const ahead = reached(ways.down, from);
    if (!ahead.has(to)) continue;
    const behind = reached(ways.up, to);
    return new Set([...ahead].filter((id) => behind.has(id)));
  }
  return new Set();
}

function reached(way: Ways["up"], from: string): ReadonlySet<string> {
  const seen = new Set([from]);
  const todo = [from];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    for (const one of way.get(next) ?? []) {
      if (seen.has(one)) continue;
      seen.add(one);
      todo.push(one);
    }
  }
  return seen;
}
