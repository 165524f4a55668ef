/** From one step of lineage to the runs that read a version. Pure. */

interface Found {
  uid: string;
  label: string;
  name: string;
  project: string;
  state: string;
  ordinal: number | null;
  jobName: string;
  at: string | null;
  hidden: boolean;
}

interface Edge {
  from: string;
  to: string;
  role: string;
}

export interface Reader {
  run: Found;
  role: string;
  made: (Found & { artifact: string })[];
}

/** The artifact of a version is the beginning of its uid. */
export function artifactOf(version: string): string {
  return version.replace(/^version:/, "artifact:").replace(/@[^@]*$/, "");
}

/** The newest first, each with what it made. */
export function readersOf(version: string, nodes: readonly Found[], edges: readonly Edge[]): Reader[] {
  const byUid = new Map(nodes.map((one) => [one.uid, one]));
  const made = new Map<string, Found[]>();
  for (const { from, to } of edges) {
    const node = byUid.get(to);
    if (node?.label === "ArtifactVersion" && to !== version) made.set(from, [...(made.get(from) ?? []), node]);
  }
  return edges
    .filter(({ from, to }) => from === version && byUid.get(to)?.label === "Run")
    .flatMap(({ to, role }) => {
      const run = byUid.get(to);
      return run ? [{ run, role, made: (made.get(to) ?? []).map((one) => ({ ...one, artifact: artifactOf(one.uid) })) }] : [];
    })
    .toSorted((a, b) => (b.run.at ?? "").localeCompare(a.run.at ?? ""));
}
