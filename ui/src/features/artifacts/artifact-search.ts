/** What the addresses of this feature say. */
import { sceneLook } from "@/lib/scene-look";
import type { SceneLook } from "@/lib/scene-look";

export interface ArtifactsSearch {
  text?: string;
  type?: string;
}

export interface ArtifactSearch extends SceneLook {
  /** uid of the artifact, or a reference such as `dataset:iris` */
  of: string;
  /** uid of the version that is shown; the newest where it is left out */
  v?: string;
  view?: VersionView;
  /** uid of the version that it is compared with */
  with?: string;
  /** all versions as a picture */
  tree?: true;
}

export const VERSION_VIEWS = ["preview", "schema", "files", "use", "compare"] as const;
export type VersionView = (typeof VERSION_VIEWS)[number];

const word = (told: unknown): string | undefined => (typeof told === "string" && told !== "" ? told : undefined);

export function artifactsSearch(told: Record<string, unknown>): ArtifactsSearch {
  const sought = told["text"]; // addresses are read as JSON: `text=7` is a number
  const [text, type] = [word(typeof sought === "number" ? String(sought) : sought), word(told["type"])];
  return { ...(text && { text }), ...(type && { type }) };
}

export function artifactSearch(told: Record<string, unknown>): ArtifactSearch {
  const [v, other] = [word(told["v"]), word(told["with"])];
  const view = VERSION_VIEWS.find((one) => one === told["view"]);
  return { of: word(told["of"]) ?? "", ...(v && { v }), ...(view && { view }), ...(other && { with: other }), ...(told["tree"] === true && { tree: true as const }), ...sceneLook(told) };
}
