/** What every page needs to know: who one is, what the server is, which projects there are. */
import { queryOptions } from "@tanstack/react-query";
import { ShellDocument } from "@/gql/graphql";
import { ask } from "@/lib/graphql";

const FRESH_MILLISECONDS = 60_000;

export const shellQuery = queryOptions({
  queryKey: ["shell"],
  queryFn: ({ signal }) => ask(ShellDocument, {}, signal),
  staleTime: FRESH_MILLISECONDS,
});
