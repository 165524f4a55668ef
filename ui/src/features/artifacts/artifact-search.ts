/** What the addresses of this feature say. */
import { sceneLook } from "@/lib/scene-look";
import type { SceneLook } from "@/lib/scene-look";
import { versionApart } from "@/lib/version-apart";

/** The types that the server knows. */
export const TYPES = ["dataset", "table", "model", "checkpoint", "metrics", "report", "figure", "log", "file", "dir", "volume-path", "other"];

export interface ArtifactsSearch {
  text?: string;
  type?: string;
}

export interface ArtifactSearch extends SceneLook {
  /** uid of the artifact, or a reference such as `dataset:iris` */
  of: string;
  /** the version that is shown, by its uid, number or digest; the newest where it is left out */
  v?: string;
  view?: VersionView;
  /** uid of the version that it is compared with */
  with?: string;
  /** all versions as a picture */
  tree?: true;
}

export const VERSION_VIEWS = ["preview", "schema", "files", "use", "compare"] as const;
export type VersionView = (typeof VERSION_VIEWS)[number];

const word = (told: unknown): string | undefined => {
  if (typeof told === "number") return String(told); // addresses are read as JSON: `v=2` is a number
  return typeof told === "string" && told !== "" ? told : undefined;
};

export function artifactsSearch(told: Record<string, unknown>): ArtifactsSearch {
  const [text, type] = [word(told["text"]), TYPES.find((one) => one === told["type"])];
  return { ...(text && { text }), ...(type && { type }) };
}

export function artifactSearch(told: Record<string, unknown>): ArtifactSearch {
  const of = word(told["of"]) ?? "";
  // A reference to a version is the artifact and the version: `dataset:iris@2`.
  const meant: ReturnType<typeof versionApart> = of.startsWith("artifact:") ? { of } : versionApart(of);
  const [v, other] = [word(told["v"]) ?? meant.v, word(told["with"])];
  const view = VERSION_VIEWS.find((one) => one === told["view"]);
  return { of: meant.of, ...(v && { v }), ...(view && { view }), ...(other && { with: other }), ...(told["tree"] === true && { tree: true as const }), ...sceneLook(told) };
}
