/** Questions of the list of runs: a page is one call, for the columns that are shown only. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { JobsDocument, RunCountDocument, RunsDocument } from "@/gql/graphql";
import type { RunsQuery } from "@/gql/graphql";
import { ask } from "@/lib/graphql";
import { pageAfter } from "@/lib/pages";
import { askedOf, canBeSaid, ranBy, taggedAs } from "./conditions";
import { keysOf, orderOf } from "./run-columns";
import type { RunsSearch } from "./runs-search";

export type RunRow = RunsQuery["runs"]["edges"][number]["node"];

const PAGE = 100;
/** Runs that are looked through for the names of metrics and parameters. */
const LOOKED_THROUGH = 50;
const JOBS = 200;
const FRESH_MILLISECONDS = 60_000;

export const runsKey = (project: string) => ["runs", project] as const;

export const runsQuery = (project: string, search: RunsSearch, columns: readonly string[]) => {
  const asked = { project, ...askedOf(search), orderBy: orderOf(search.sort), ...keysOf(columns) };
  return infiniteQueryOptions({
    queryKey: [...runsKey(project), "list", asked],
    queryFn: ({ pageParam, signal }) => ask(RunsDocument, { ...asked, first: PAGE, after: pageParam }, signal),
    initialPageParam: "",
    getNextPageParam: ({ runs }) => pageAfter(runs.pageInfo),
  });
};

export const countQuery = (project: string, search: RunsSearch) => {
  const asked = askedOf(search);
  return queryOptions({
    queryKey: [...runsKey(project), "count", asked],
    queryFn: ({ signal }) => ask(RunCountDocument, { project, ...asked }, signal),
    // Where nobody signs in there is one person, whose the runs of all are.
    select: ({ runs, me }) => ({ total: runs.totalCount, signedIn: me.kind !== "local" }),
  });
};

/** Names of metrics and parameters that the first runs of the list have, and their tags and who ran them as conditions. */
export const keysQuery = (project: string, search: RunsSearch, enabled: boolean) => {
  const asked = { project, ...askedOf(search), orderBy: orderOf(search.sort), first: LOOKED_THROUGH };
  return queryOptions({
    queryKey: ["run-keys", asked],
    queryFn: ({ signal }) => ask(RunsDocument, { ...asked, params: null, metrics: null }, signal),
    select: ({ runs }) => ({
      metrics: namesIn(runs.edges.map(({ node }) => node.metricMap)),
      params: namesIn(runs.edges.map(({ node }) => node.paramMap)),
      people: [...new Set(runs.edges.flatMap(({ node: { by } }) => (by === "" || by.includes('"') ? [] : [ranBy(by)])))].toSorted(),
      tags: [...new Set(runs.edges.flatMap(({ node }) => node.tags.filter(({ key, value }) => canBeSaid(key, value)).map(({ key, value }) => taggedAs(key, value))))].toSorted(),
    }),
    staleTime: FRESH_MILLISECONDS,
    enabled,
  });
};

const namesIn = (maps: readonly unknown[]): string[] =>
  [...new Set(maps.flatMap((one) => Object.keys((one ?? {}) as object)))].toSorted((a, b) => a.localeCompare(b));

export const jobsQuery = (project: string, text: string, enabled: boolean) =>
  queryOptions({
    queryKey: ["jobs", project, text],
    queryFn: ({ signal }) => ask(JobsDocument, { project, filter: { text }, first: JOBS }, signal),
    staleTime: FRESH_MILLISECONDS,
    enabled,
  });
