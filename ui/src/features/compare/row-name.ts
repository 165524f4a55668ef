/** What a row of a comparison is called: keys are names of people's own, the rest the server tells in words of its own. */
import type { MessageId, Say } from "@/lib/words";
import type { ComparedRow } from "./compare-query";

const KNOWN: Record<string, MessageId> = {
  "CODE branch": "run.branch",
  "CODE command": "run.command",
  "CODE commit": "run.commit",
  "CODE entry": "run.entry",
  "CODE repo": "run.repo",
  "CODE script": "compare.row.script",
  "CODE uncommitted": "run.dirty",
  "ENVIRONMENT image": "run.image",
  "ENVIRONMENT image_digest": "run.image.digest",
  "ENVIRONMENT lock_digest": "run.lock",
  "ENVIRONMENT python": "run.python",
  "RESOURCE gpu": "run.gpu",
  "RESOURCE gpu count": "compare.row.gpus",
  "RESOURCE machine": "run.processor",
};
const ASKED = "asked for ";

export function rowName({ part, name }: Pick<ComparedRow, "part" | "name">, say: Say): string {
  const known = KNOWN[`${part} ${name}`];
  if (known) return say(known);
  return part === "RESOURCE" && name.startsWith(ASKED) ? say("compare.row.asked", { name: name.slice(ASKED.length) }) : name;
}
