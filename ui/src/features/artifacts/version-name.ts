/** What a version is called in lists. */
import type { ArtifactQuery } from "@/gql/graphql";

export type ListedVersion = ArtifactQuery["artifact"]["versions"]["edges"][number]["node"];

/** Its number, else the beginning of its digest. */
export function versionName({ ordinal, digest }: { ordinal: number | null; digest: string }): string {
  return ordinal === null ? ` ${digest.slice(0, 15)}` : `@${ordinal}`;
}

/** What asks the server for a version of an artifact that an address names by its uid, its number or its digest. */
export function versionAsked({ uid, project, kind, name }: { uid: string; project: string; kind: string; name: string }, told: string): string | undefined {
  if (!told.startsWith("version:")) return `${project}/${kind}:${name}@${told}`;
  return told.startsWith(`${uid.replace(/^artifact:/, "version:")}@`) ? told : undefined;
}

/** Whether it is the one that was asked for so. */
export const isAsked = ({ uid, ordinal }: Pick<ListedVersion, "uid" | "ordinal">, asked: string | undefined): boolean =>
  asked === uid || (asked !== undefined && !asked.startsWith("version:") && asked.endsWith(`@${ordinal}`));
