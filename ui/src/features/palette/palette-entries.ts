/** What is asked for with a prefix, and which entries fit what was typed. Pure. */

/** `m: churn` looks only among models. */
const PREFIXES: Record<string, readonly string[]> = {
  m: ["RegisteredModel", "ModelVersion"],
  d: ["Artifact", "ArtifactVersion"],
  r: ["Run", "Job"],
};
const EVERY = ["RegisteredModel", "Artifact", "ModelVersion", "ArtifactVersion", "Run", "Job", "Deployment"];

export interface Asked {
  text: string;
  labels: readonly string[];
  /** nothing but entities is wanted */
  scoped: boolean;
}

export function askedFor(typed: string): Asked {
  const found = /^([a-z]):\s*(.*)$/is.exec(typed.trimStart());
  const labels = found?.[1] ? PREFIXES[found[1].toLowerCase()] : undefined;
  return labels ? { text: (found?.[2] ?? "").trim(), labels, scoped: true } : { text: typed.trim(), labels: EVERY, scoped: false };
}

/** Every word is somewhere in the name, whatever its case; Hangul also before it is put together. */
export function fits(name: string, text: string): boolean {
  const plain = (words: string): string => words.normalize("NFD").toLowerCase();
  const within = plain(name);
  return plain(text).split(/\s+/).every((word) => within.includes(word));
}
