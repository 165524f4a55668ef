/** What a version is called in lists. */
import type { ArtifactQuery } from "@/gql/graphql";

export type ListedVersion = ArtifactQuery["artifact"]["versions"]["edges"][number]["node"];

/** Its number, else the beginning of its digest. */
export function versionName({ ordinal, digest }: { ordinal: number | null; digest: string }): string {
  return ordinal === null ? ` ${digest.slice(0, 15)}` : `@${ordinal}`;
}
