/** A scene as the view holds it, and pure questions about it. Nothing here knows React or the screen. */
import type { LineageSceneQuery } from "@/gql/graphql";

export type SceneAnswer = LineageSceneQuery["lineageScene"];
export type Side = "UPSTREAM" | "DOWNSTREAM" | "BOTH";

/** A node, or a stack of like nodes that share their neighbours. */
export interface Box {
  id: string;
  label: string;
  kind: string;
  /** as people call it, with its version */
  title: string;
  project: string;
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
}

export interface Stack {
  count: number;
  states: Readonly<Record<string, number>>;
  /** uids of the first of them */
  members: readonly string[];
  best: number | null;
}

export interface Line {
  from: string;
  to: string;
  type: string;
  weight: number;
  roles: readonly string[];
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
  return ordinal === null ? name || jobName : `${name}@${ordinal}`;
}

export function sceneOf(answer: SceneAnswer): Scene {
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
        state: told.status,
        side: told.side,
        depth: told.depth,
        hiddenUp: told.hiddenUp,
        hiddenDown: told.hiddenDown,
        at: node.at,
        aliases: node.aliases,
        opaque: node.hidden,
        stack: null,
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
        best: group.bestValue,
      },
    },
  ]);
  return {
    focus: answer.focus,
    boxes: new Map([...nodes, ...groups]),
    lines: answer.edges,
    version: answer.version,
    partial: answer.isPartial,
    reason: answer.reason,
  };
}

/** A scene and what was opened from one of its boxes. What both have keeps its place and its neighbours;
 * of the opened box the hidden ones on that side are those that are still not drawn. */
export function merge(scene: Scene, more: Scene, side: "UPSTREAM" | "DOWNSTREAM"): Scene {
  const boxes = new Map(scene.boxes);
  const from = scene.boxes.get(more.focus);
  const shown = new Set([...scene.boxes.values()].flatMap((box) => box.stack?.members ?? [box.id]));
  for (const [id, box] of more.boxes) {
    if (boxes.has(id)) continue;
    const known = box.stack ? box.stack.members.every((uid) => shown.has(uid)) : shown.has(id);
    if (!known) boxes.set(id, { ...box, side, depth: (from?.depth ?? 0) + box.depth });
  }
  const opened = more.boxes.get(more.focus);
  if (from && opened) {
    const left = side === "UPSTREAM" ? { hiddenUp: opened.hiddenUp } : { hiddenDown: opened.hiddenDown };
    boxes.set(from.id, { ...from, ...left });
  }
  const key = (line: Line): string => `${line.from}\n${line.to}\n${line.type}`;
  const lines = new Map([...scene.lines, ...more.lines].map((line) => [key(line), line]));
  return {
    ...scene,
    boxes,
    lines: [...lines.values()].filter((line) => boxes.has(line.from) && boxes.has(line.to)),
    version: `${scene.version}+${more.version}`,
    partial: scene.partial || more.partial,
    reason: scene.reason || more.reason,
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
  const found = new Set([id]);
  for (const way of [ways.up, ways.down]) {
    const seen = new Set([id]);
    const todo = [id];
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      for (const one of way.get(next) ?? []) {
        if (seen.has(one)) continue;
        seen.add(one);
        found.add(one);
        todo.push(one);
      }
    }
  }
  return found;
}

/** A box and those next to it. */
export function besides(ways: Ways, id: string): ReadonlySet<string> {
  return new Set([id, ...(ways.up.get(id) ?? []), ...(ways.down.get(id) ?? [])]);
}
