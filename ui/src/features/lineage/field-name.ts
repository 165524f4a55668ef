/** What a field of a difference is called: the server tells flat names, such as `params.rate`. */
import type { MessageId, Say } from "@/lib/words";

/** Those that go on with a name of somebody's own; the longer first. */
const HEADS = ["env.packages", "params", "inputs", "code", "env"] as const;
const WHOLE = ["artifact", "columns", "digest", "gpu.count", "gpu.product", "size", "spec", "state", "uid", "version"];

export function fieldName(field: string, say: Say): string {
  if (WHOLE.includes(field)) return say(`lineage.field.${field}` as MessageId);
  const head = HEADS.find((one) => field.startsWith(`${one}.`));
  return head ? say(`lineage.field.${head}`, { name: field.slice(head.length + 1) }) : field;
}
