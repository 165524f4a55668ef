/** Whether there is a project of a name, and one that whoever asks may see. */
import { queryOptions } from "@tanstack/react-query";
import { NodesDocument } from "@/gql/graphql";
import { ask } from "@/lib/graphql";

export const thereKey = (project: string) => ["there", project] as const;

export const thereQuery = (project: string) =>
  queryOptions({
    queryKey: thereKey(project),
    queryFn: async ({ signal }) => {
      const { nodes } = await ask(NodesDocument, { project, uids: [`project:${project}`] }, signal);
      return nodes[0] !== null && nodes[0] !== undefined;
    },
  });
