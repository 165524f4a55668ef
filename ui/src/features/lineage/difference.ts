/** Two scenes laid over each other: of two times, or what led to two versions. */
import type { LineageVersusQuery } from "@/gql/graphql";
import { sceneOf } from "./scene";
import type { Box, Change, Line, Scene } from "./scene";

const lineKey = ({ from, to, type }: Line): string => `${from}\n${to}\n${type}`;

/** All of both; each box and line says whether only one has it, or both and it is another now. */
export function compared(before: Scene, after: Scene): Scene {
  const inAfter = membership(after);
  const inBefore = membership(before);
  const boxes = new Map<string, Box>();
  for (const [id, box] of after.boxes) {
    const old = before.boxes.get(id);
    const grown = box.stack?.members.some((uid) => inBefore.has(uid)) ?? false;
    const change: Change | null = old ? (isSame(old, box) ? null : "changed") : grown || inBefore.has(id) ? "changed" : "added";
    boxes.set(id, { ...box, change });
  }
  for (const [id, box] of before.boxes) {
    // What stands in a stack now, or did, is there all the same.
    const kept = inAfter.has(id) || (box.stack?.members.some((uid) => inAfter.has(uid)) ?? false);
    if (!boxes.has(id) && !kept) boxes.set(id, { ...box, change: "removed" });
  }
  return { ...after, boxes, lines: bothLines(before, after, boxes), version: `${before.version}/${after.version}` };
}

/** Which uids a scene has, alone or in a stack. */
function membership(scene: Scene): ReadonlySet<string> {
  return new Set([...scene.boxes.values()].flatMap((box) => box.stack?.members ?? [box.id]));
}

function isSame(a: Box, b: Box): boolean {
  const told = ({ title, state, aliases, stack }: Box): string => JSON.stringify([title, state, aliases, stack?.count, stack?.states, stack?.best]);
  return told(a) === told(b);
}

function bothLines(before: Scene, after: Scene, boxes: ReadonlyMap<string, Box>): Line[] {
  const old = new Set(before.lines.map(lineKey));
  const now = new Set(after.lines.map(lineKey));
  const lines = after.lines.map((line): Line => ({ ...line, change: old.has(lineKey(line)) ? null : "added" }));
  const gone = before.lines.filter((line) => !now.has(lineKey(line)) && boxes.has(line.from) && boxes.has(line.to));
  return [...lines, ...gone.map((line): Line => ({ ...line, change: "removed" }))];
}

export type VersusAnswer = LineageVersusQuery;
export type Difference = VersusAnswer["lineageDiff"]["differences"][number];

/** What led to one version over what led to the other: what belongs to the same job or artifact is one box,
 * which says what it was. */
export function versus(answer: VersusAnswer): Scene {
  const pairs = answer.lineageDiff.differences;
  const nowOf = new Map(pairs.flatMap(({ before, after }) => (before && after ? [[before.uid, after.uid] as const] : [])));
  const place = (id: string): string => nowOf.get(id) ?? id;
  const told = sceneOf(answer.before);
  const before: Scene = {
    ...told,
    boxes: new Map([...told.boxes].map(([id, box]) => [place(id), { ...box, id: place(id) }])),
    lines: told.lines.map((line) => ({ ...line, from: place(line.from), to: place(line.to) })),
  };
  const after = sceneOf(answer.after);
  const laid = compared(before, after);
  const changes = new Map(pairs.map((one) => [(one.after ?? one.before)?.uid ?? "", one]));
  const boxes = new Map(
    [...laid.boxes].map(([id, drawn]): [string, Box] => {
      const box = { ...drawn, hiddenUp: 0, hiddenDown: 0 }; // all that led here is shown; nothing opens further
      const pair = changes.get(id);
      if (!pair) return [id, box.change === "changed" ? { ...box, change: null } : box];
      const change = CHANGES[pair.kind] ?? null;
      const was = pair.before && pair.after ? before.boxes.get(id)?.title : undefined;
      return [id, { ...box, change, was: was !== undefined && was !== box.title ? was : undefined }];
    }),
  );
  const lines = laid.lines.filter(({ from, to }) => boxes.has(from) && boxes.has(to));
  return { ...laid, boxes, lines, partial: laid.partial || answer.lineageDiff.isPartial };
}

/** Run again with nothing else different about it: no difference of its own. */
const CHANGES: Record<Difference["kind"], Change | null> = { ADDED: "added", REMOVED: "removed", CHANGED: "changed", RERUN: null };

/** How many boxes are of each change. */
export function tally(scene: Scene): Record<Change, number> {
  const counts = { added: 0, removed: 0, changed: 0 };
  for (const { change } of scene.boxes.values()) if (change) counts[change] += 1;
  return counts;
}
