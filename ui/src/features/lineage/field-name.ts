/** What a field of a difference is called: the server tells flat names, such as `params.rate`. */
import type { MessageId, Say } from "@/lib/words";

/** Those that go on with a name of somebody's own; the longer first. */
const HEADS = ["env.packages", "params", "inputs", "code", "env"] as const;
const WHOLE = ["artifact", "columns", "digest", "gpu.count", "gpu.product", "size", "spec", "state", "uid", "version"];
const KNOWN: Record<string, MessageId> = {
  "code.branch": "run.branch",
  "code.commit": "run.commit",
  "code.dirty_digest": "run.dirty",
  "code.entry": "run.entry",
  "code.repo": "run.repo",
  "env.image": "run.image",
  "env.image_digest": "run.image.digest",
  "env.lock_digest": "run.lock",
  "env.python": "run.python",
};

export function fieldName(field: string, say: Say): string {
  if (WHOLE.includes(field)) return say(`lineage.field.${field}` as MessageId);
  const known = KNOWN[field];
  if (known) return say(known);
  const head = HEADS.find((one) => field.startsWith(`${one}.`));
  return head ? say(`lineage.field.${head}`, { name: field.slice(head.length + 1) }) : field;
}
