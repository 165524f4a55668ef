/** Looks for the version that an address names further down the list, if there is one. */
import { useEffect } from "react";
import { useQuery } from "@tanstack/react-query";
import { NodesDocument } from "@/gql/graphql";
import { ask } from "@/lib/graphql";

interface Listing {
  /** uid of the model */
  of: string;
  listed: readonly { version: string }[] | undefined;
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => unknown;
}

/** Whether it is still on its way. */
export function useSought(version: string | undefined, { of, listed, hasNextPage, isFetchingNextPage, fetchNextPage }: Listing): boolean {
  const further = version !== undefined && hasNextPage && listed?.every((one) => one.version !== version) === true;
  const uid = `${of.replace(/^model:/, "modelversion:")}@${version}`;
  const { data: there } = useQuery({
    queryKey: ["version of a model", uid],
    queryFn: async ({ signal }) => (await ask(NodesDocument, { uids: [uid] }, signal)).nodes.some((one) => one !== null),
    enabled: further,
  });
  const next = further && there === true && !isFetchingNextPage;
  useEffect(() => {
    if (next) void fetchNextPage();
  }, [next, fetchNextPage]);
  return further && there !== false;
}
