/** The project that was looked at last, for addresses that name none. */
const KEPT = "lineage.project";

export function keepProject(name: string): void {
  localStorage.setItem(KEPT, name);
}

/** The kept one if it can still be seen, else `default`, else the first. */
export function preferredProject(visible: readonly string[]): string {
  const kept = localStorage.getItem(KEPT);
  if (kept && visible.includes(kept)) return kept;
  return visible.includes("default") ? "default" : (visible[0] ?? "default");
}
