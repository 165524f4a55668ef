/** Everything that is told of one version, and what keeps it true. */
import { queryOptions, useQueryClient } from "@tanstack/react-query";
import { VersionPageDocument } from "@/gql/graphql";
import type { VersionPageQuery } from "@/gql/graphql";
import { readAnew } from "@/lib/anew";
import { ask } from "@/lib/graphql";
import { useArtifactsChanged, useModelsChanged } from "@/lib/live";

export type Version = VersionPageQuery["version"];

export const versionQuery = (uid: string) =>
  queryOptions({
    queryKey: ["version", uid],
    queryFn: async ({ signal }) => (await ask(VersionPageDocument, { ref: uid }, signal)).version,
  });

/** What begins like this is read anew when somebody writes, uses or registers an artifact. */
const LIVE: ReadonlySet<unknown> = new Set(["artifact", "version", "version-use"]);

/** Keeps true what is shown of an artifact of a project, and of where it is in use. */
export function useLiveArtifact(project: string): void {
  const queries = useQueryClient();
  const again = () => readAnew(queries, { predicate: ({ queryKey: [first] }) => LIVE.has(first) });
  useArtifactsChanged(project, again);
  useModelsChanged(project, again);
}
