/** Two texts line by line. Pure. */
import { diffArrays } from "diff";

export type Line =
  /** numbers of lines from 1; null where that text has no such line */
  | { sign: "same" | "added" | "removed"; before: number | null; after: number | null; text: string }
  | { sign: "skipped"; count: number };

/** Unchanged lines that are shown around a change. */
const AROUND = 3;
/** Longer than this nobody waits for what is different through and through. */
const TIMEOUT_MILLISECONDS = 1_500;

/** Null where it would take too long to say. */
export function linesBetween(before: string, after: string): Line[] | null {
  const changes = diffArrays(linesOf(before), linesOf(after), { timeout: TIMEOUT_MILLISECONDS });
  if (!changes) return null;
  const lines: Line[] = [];
  let [was, is] = [0, 0];
  for (const { added, removed, value } of changes) {
    for (const text of value) {
      if (!added) was += 1;
      if (!removed) is += 1;
      lines.push({ sign: added ? "added" : removed ? "removed" : "same", before: added ? null : was, after: removed ? null : is, text });
    }
  }
  return shortened(lines);
}

/** The end of the last line begins no other. */
function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** Without what is the same far from any change. */
function shortened(lines: readonly Line[]): Line[] {
  const near = lines.map(() => false);
  lines.forEach(({ sign }, at) => {
    if (sign === "same") return;
    for (let one = Math.max(0, at - AROUND); one <= Math.min(lines.length - 1, at + AROUND); one += 1) near[one] = true;
  });
  const kept: Line[] = [];
  lines.forEach((line, at) => {
    const last = kept.at(-1);
    if (near[at]) kept.push(line);
    else if (last?.sign === "skipped") last.count += 1;
    else kept.push({ sign: "skipped", count: 1 });
  });
  return kept;
}
