/** How kinds of things look: a drawing and a colour each. */
import type { IconName } from "./icon";

export type Hue = "dataset" | "model" | "run" | "file" | "deployment";

/** By the label of a node and, for artifacts, their type. */
export function kindIcon(label: string, kind: string): IconName {
  if (label === "Run") return "run";
  if (label === "Job") return "job";
  if (label === "Deployment") return "deployment";
  if (label === "RegisteredModel" || label === "ModelVersion" || label === "Alias") return "model";
  if (kind === "model" || kind === "checkpoint") return "model";
  return kind === "dataset" || kind === "table" ? "dataset" : "file";
}

export function kindHue(label: string, kind: string): Hue {
  const icon = kindIcon(label, kind);
  return icon === "dataset" || icon === "model" || icon === "deployment" || icon === "file" ? icon : "run";
}
