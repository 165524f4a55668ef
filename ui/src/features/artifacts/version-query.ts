/** Everything that is told of one version. */
import { queryOptions } from "@tanstack/react-query";
import { VersionPageDocument } from "@/gql/graphql";
import type { VersionPageQuery } from "@/gql/graphql";
import { ask } from "@/lib/graphql";

export type Version = VersionPageQuery["version"];

export const versionQuery = (uid: string) =>
  queryOptions({
    queryKey: ["version", uid],
    queryFn: async ({ signal }) => (await ask(VersionPageDocument, { ref: uid }, signal)).version,
  });
