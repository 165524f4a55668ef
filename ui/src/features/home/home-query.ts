/** What happened lately in a project, in one question. */
import { queryOptions } from "@tanstack/react-query";
import { HomeDocument } from "@/gql/graphql";
import type { HomeQuery } from "@/gql/graphql";
import { ask } from "@/lib/graphql";

const DAY_MILLISECONDS = 86_400_000;

export type RecentRun = HomeQuery["recent"]["edges"][number]["node"];
export type FailedRun = HomeQuery["failed"]["edges"][number]["node"];

export const homeKey = (project: string) => ["home", project] as const;

export const homeQuery = (project: string) =>
  queryOptions({
    queryKey: homeKey(project),
    queryFn: ({ signal }) => {
      const since = new Date(Date.now() - DAY_MILLISECONDS).toISOString();
      return ask(HomeDocument, { project, since }, signal);
    },
  });
