/** Everything that is told of one model, and what waits for a verdict. */
import { infiniteQueryOptions, queryOptions, useQueryClient } from "@tanstack/react-query";
import { ActivityDocument, ApprovalsDocument, ModelPageDocument } from "@/gql/graphql";
import type { ActivityQuery, ApprovalsQuery, ModelPageQuery } from "@/gql/graphql";
import { readAnew } from "@/lib/anew";
import { AskError, ask } from "@/lib/graphql";
import { useModelsChanged } from "@/lib/live";
import { pageAfter } from "@/lib/pages";
import { modelMeant } from "./model-meant";

export type Model = Extract<ModelPageQuery["node"], { __typename: "RegisteredModel" }>;
export type Alias = Model["aliases"][number];
export type ModelVersion = ModelPageQuery["modelVersions"]["edges"][number]["node"];
export type Approval = ApprovalsQuery["approvals"]["edges"][number]["node"];
export type Activity = Extract<ActivityQuery["node"], { activity: unknown }>["activity"][number];

/** `of`: whatever names a model; see `modelMeant`. */
export const modelQuery = (project: string, of: string) =>
  infiniteQueryOptions({
    queryKey: ["model", project, of],
    queryFn: async ({ pageParam, signal }) => {
      const { uid, v } = await modelMeant(of, project, signal);
      const { node, modelVersions } = await ask(ModelPageDocument, { uid, project, after: pageParam }, signal);
      if (!("aliases" in node)) throw new AskError("NOT_FOUND", `${uid} is no model`);
      return { model: node, modelVersions, v };
    },
    initialPageParam: "",
    getNextPageParam: ({ modelVersions: { pageInfo } }) => pageAfter(pageInfo),
  });

export const approvalsQuery = ({ project, name }: Model) =>
  queryOptions({
    queryKey: ["approvals", project, name],
    queryFn: async ({ signal }) => {
      const { approvals } = await ask(ApprovalsDocument, { project, model: name, first: 100 }, signal);
      return { list: approvals.edges.map(({ node }) => node), more: approvals.hasMore };
    },
  });

/** What was done last, and whether there is more; no more than `MOST_DEEDS`. */
export const activityQuery = (of: string, first: number) =>
  queryOptions({
    queryKey: ["activity", of, first],
    queryFn: async ({ signal }) => {
      const { node } = await ask(ActivityDocument, { of, first: first + 1 }, signal);
      const deeds = "activity" in node ? node.activity : [];
      return { deeds: deeds.slice(0, first), left: deeds.length > first };
    },
  });
export const MOST_DEEDS = 400;

/** What begins like this is read anew when somebody changes a model. */
const LIVE: ReadonlySet<unknown> = new Set(["models", "model", "approvals", "activity"]);

/** Keeps true what is shown of the models of a project. */
export function useLiveModels(project: string): void {
  const queries = useQueryClient();
  useModelsChanged(project, () => readAnew(queries, { predicate: ({ queryKey: [first] }) => LIVE.has(first) }));
}

/** The name of a version at the end of its uid. */
export function versionOf(uid: string): string {
  return uid.slice(uid.lastIndexOf("@") + 1);
}

/** What people call a sender, as runs do: a user by name, others in full, and nobody where nobody signs in. */
export function nameOf(sender: string): string {
  const [, issuer, subject = ""] = /^([^/]*)\/(.*)$/s.exec(sender) ?? [];
  if (issuer === "local") return "";
  return issuer === "lineage" && !subject.includes("/") ? subject : sender;
}
