/** From a thing to the address of its page. */
import { lineageOf } from "./lineage-of";

interface Thing {
  uid: string;
  label: string;
  kind: string;
  name: string;
}

type InProject = { project: string };

export type Place =
  | { to: "/p/$project/artifact"; params: InProject; search: { of: string; v?: string } }
  | { to: "/p/$project/model"; params: InProject; search: { of: string; v?: string } }
  | { to: "/p/$project/runs/$uid"; params: InProject & { uid: string } }
  | { to: "/p/$project/lineage"; params: InProject; search: { focus: string; view?: "LOGICAL" } };

/** Versions are shown on the page of what they are versions of; what has no page of its own, in its lineage. */
export function placeOf(project: string, thing: Thing): Place {
  const { uid, label } = thing;
  const params = { project };
  const at = uid.lastIndexOf("@");
  if (label === "Run") return { to: "/p/$project/runs/$uid", params: { project, uid } };
  if (label === "Artifact") return { to: "/p/$project/artifact", params, search: { of: uid } };
  if (label === "ArtifactVersion" && at > 0) {
    return { to: "/p/$project/artifact", params, search: { of: uid.slice(0, at).replace(/^version:/, "artifact:"), v: uid } };
  }
  if (label === "RegisteredModel") return { to: "/p/$project/model", params, search: { of: uid } };
  if (label === "ModelVersion" && at > 0) {
    return { to: "/p/$project/model", params, search: { of: uid.slice(0, at).replace(/^modelversion:/, "model:"), v: uid.slice(at + 1) } };
  }
  return { to: "/p/$project/lineage", params, search: lineageOf(thing) };
}
