/** A large scene, the same each time: pipelines of stages, trainings that fan out, data sets that many share. */
import { CARD } from "@/features/lineage/geometry";
import type { Places } from "@/features/lineage/layout";
import { byLite } from "@/features/lineage/layout-lite";
import type { Box, Line, Scene } from "@/features/lineage/scene";

export interface Made {
  scene: Scene;
  places: Places;
}

/** Things of one pipeline: so many make columns that are about as tall as the whole is wide. */
const OF_A_PIPELINE = 80;
const KINDS = ["dataset", "table", "model", "metrics", "file"];

export function made(count: number): Made {
  const chance = drawing(7);
  const boxes: Box[] = [];
  const lines: Line[] = [];
  for (let at = 0; at < count; at += 1) {
    const own = at % OF_A_PIPELINE;
    const first = at - own;
    boxes.push(boxOf(at, KINDS[chance(KINDS.length)] ?? ""));
    if (own > 0) lines.push(lineOf(first + Math.max(0, own - 1 - chance(5)), at));
    // A second input: mostly of the same pipeline, now and then what another one shares.
    if (chance(100) < 37 && at > 0) lines.push(lineOf(chance(10) ? first + chance(Math.max(1, own)) : chance(Math.max(1, first)), at));
  }
  const scene: Scene = {
    focus: boxes[Math.floor(count / 2)]?.id ?? "",
    boxes: new Map(boxes.map((box) => [box.id, box])),
    lines: lines.filter(({ from, to }) => from !== to),
    version: `${count}`,
    partial: false,
    reason: "",
  };
  return { scene, places: byLite({ boxes: boxes.map(({ id }) => ({ id, ...CARD })), lines: scene.lines }) };
}

/** Whole numbers below a bound (Lehmer's generator). */
function drawing(begin: number): (below: number) => number {
  let seed = begin;
  return (below) => (seed = (seed * 48_271) % 2_147_483_647) % below;
}

function boxOf(at: number, kind: string): Box {
  const run = at % 2 === 1;
  return {
    id: `artifact:made/${at}`,
    label: run ? "Run" : "ArtifactVersion",
    kind: run ? "training" : kind,
    title: `${run ? "train" : kind} ${at}`,
    project: "made",
    owner: "",
    state: run ? "complete" : "",
    side: "BOTH",
    depth: 0,
    hiddenUp: 0,
    hiddenDown: at % 10 ? 0 : 3,
    at: null,
    aliases: [],
    opaque: false,
    stack: null,
    change: null,
  };
}

function lineOf(from: number, to: number): Line {
  return { from: `artifact:made/${from}`, to: `artifact:made/${to}`, type: "INPUT_TO", weight: 1, roles: [], change: null };
}
