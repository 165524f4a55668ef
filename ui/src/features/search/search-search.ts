/** What the address of the results says. */

export const SEARCHED = ["Artifact", "ArtifactVersion", "RegisteredModel", "ModelVersion", "Run", "Job", "Deployment"] as const;
export type Searched = (typeof SEARCHED)[number];

export interface SearchSearch {
  q?: string;
  /** only things of this kind */
  label?: Searched;
  /** in every project that one may see */
  everywhere?: true;
}

export function searchSearch(told: Record<string, unknown>): SearchSearch {
  const q = typeof told["q"] === "number" ? String(told["q"]) : told["q"];
  const label = SEARCHED.find((one) => one === told["label"]);
  return { ...(typeof q === "string" && q && { q }), ...(label && { label }), ...(told["everywhere"] === true && { everywhere: true as const }) };
}
