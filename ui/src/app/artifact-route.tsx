/** The page of an artifact, given what draws its versions: features know nothing of each other. */
import { ArtifactPage } from "@/features/artifacts/artifact-page";
import { VersionTree } from "./version-tree";

export function ArtifactRoute() {
  return <ArtifactPage tree={VersionTree} />;
}
