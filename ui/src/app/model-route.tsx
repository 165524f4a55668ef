/** The page of a registered model, given what draws its versions: features know nothing of each other. */
import { ModelPage } from "@/features/models/model-page";
import { VersionTree } from "./version-tree";

export function ModelRoute() {
  return <ModelPage tree={VersionTree} />;
}
