/** Questions of a comparison: rows come in pages of as many values as the server answers at once. */
import { infiniteQueryOptions } from "@tanstack/react-query";
import { CompareRunsDocument } from "@/gql/graphql";
import type { CompareRunsQuery } from "@/gql/graphql";
import { ask } from "@/lib/graphql";

export type ComparedRun = CompareRunsQuery["compareRuns"]["runs"][number];
export type ComparedRow = CompareRunsQuery["compareRuns"]["rows"]["edges"][number]["node"];

const PAGE = 500;

export const compareKey = (project: string) => ["compare", project] as const;

export const compareQuery = (project: string, runs: readonly string[], everything: boolean) =>
  infiniteQueryOptions({
    queryKey: [...compareKey(project), runs, everything],
    queryFn: ({ pageParam, signal }) =>
      ask(CompareRunsDocument, { runs: [...runs], project, everything, first: PAGE, after: pageParam }, signal),
    initialPageParam: "",
    getNextPageParam: ({ compareRuns: { rows } }) => (rows.hasMore ? rows.pageInfo.endCursor : null),
    enabled: runs.length >= 2,
  });
