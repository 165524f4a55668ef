/** The scene of an address: one question, and one more for each box that was opened further. */
import { queryOptions } from "@tanstack/react-query";
import { LineageSceneDocument, NodesDocument } from "@/gql/graphql";
import type { LineageSceneQueryVariables } from "@/gql/graphql";
import { ask } from "@/lib/graphql";
import type { LineageSearch } from "./lineage-search";
import { merge, sceneOf } from "./scene";
import type { Scene } from "./scene";

export type Asked = Pick<LineageSearch, "up" | "down" | "more" | "view" | "group"> & { focus: string };

export const sceneKey = (project: string, asked: Asked) => ["lineage", project, asked] as const;

export const sceneQuery = (project: string, asked: Asked) =>
  queryOptions({
    queryKey: sceneKey(project, asked),
    queryFn: async ({ signal }): Promise<Scene> => {
      const { focus, up = 1, down = 1, more = [] } = asked;
      const view = { project, view: asked.view ?? "VERSION", groupBy: asked.group ?? "JOB" } as const;
      const one = async (variables: LineageSceneQueryVariables): Promise<Scene> =>
        sceneOf((await ask(LineageSceneDocument, { ...view, ...variables }, signal)).lineageScene);
      const first = one({ focus, up, down });
      const others = more.map((told) =>
        told.startsWith("<") ? one({ focus: told.slice(1), up: 1, down: 0 }) : one({ focus: told.slice(1), up: 0, down: 1 }),
      );
      const opened = await Promise.all(others);
      return opened.reduce(
        (scene, next, at) => merge(scene, next, more[at]?.startsWith("<") ? "UPSTREAM" : "DOWNSTREAM"),
        await first,
      );
    },
  });

/** Of members of a stack, what their rows show. */
export const membersQuery = (project: string, uids: readonly string[]) =>
  queryOptions({
    queryKey: ["nodes", project, uids],
    queryFn: async ({ signal }) => (await ask(NodesDocument, { project, uids: [...uids] }, signal)).nodes,
  });
