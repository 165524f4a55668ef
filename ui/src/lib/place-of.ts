/** From a thing to the address of its page. */
import { lineageOf } from "./lineage-of";

interface Thing {
  uid: string;
  label: string;
  kind: string;
  name: string;
}

export type Place =
  | { to: "/p/$project/artifact"; search: { of: string; v?: string } }
  | { to: "/p/$project/model"; search: { of: string; v?: string } }
  | { to: "/p/$project/lineage"; search: { focus: string; view?: "LOGICAL" } };

/** Versions are shown on the page of what they are versions of; what has no page of its own, in its lineage. */
export function placeOf(thing: Thing): Place {
  const { uid, label } = thing;
  const at = uid.lastIndexOf("@");
  if (label === "Artifact") return { to: "/p/$project/artifact", search: { of: uid } };
  if (label === "ArtifactVersion" && at > 0) {
    return { to: "/p/$project/artifact", search: { of: uid.slice(0, at).replace(/^version:/, "artifact:"), v: uid } };
  }
  if (label === "RegisteredModel") return { to: "/p/$project/model", search: { of: uid } };
  if (label === "ModelVersion" && at > 0) {
    return { to: "/p/$project/model", search: { of: uid.slice(0, at).replace(/^modelversion:/, "model:"), v: uid.slice(at + 1) } };
  }
  return { to: "/p/$project/lineage", search: lineageOf(thing) };
}
