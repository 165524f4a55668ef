/** From a thing to the address of its lineage. */
interface Found {
  uid: string;
  label: string;
  kind: string;
  name: string;
}

/** What can stand in the middle of a lineage. */
export const LINEAGE_LABELS = ["Artifact", "ArtifactVersion", "Run", "Job", "ModelVersion", "Deployment"];

/** A name that needs no quoting in a reference. */
const PLAIN = /^[\p{L}\p{N}_.-]+$/u;

/** An artifact means its newest version; what has no version is seen in the view of jobs and artifacts. */
export function lineageOf({ uid, label, kind, name }: Found): { focus: string; view?: "LOGICAL" } {
  if (label === "Artifact" && PLAIN.test(name) && PLAIN.test(kind)) return { focus: `${kind}:${name}` };
  return label === "Artifact" || label === "Job" ? { focus: uid, view: "LOGICAL" } : { focus: uid };
}
