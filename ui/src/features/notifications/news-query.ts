/** What concerns whoever looks, all of it in one question; asked anew when the server says that there is more. */
import { useEffect } from "react";
import { queryOptions, useQueryClient } from "@tanstack/react-query";
import { NotificationsChangedDocument, NotificationsDocument } from "@/gql/graphql";
import type { NotificationsQuery } from "@/gql/graphql";
import { readAnew } from "@/lib/anew";
import { calmly } from "@/lib/calm";
import { ask, follow } from "@/lib/graphql";

export type News = NotificationsQuery["notifications"];
export type Item = News["items"][number];

/** Of refused events and webhooks nobody is told live; and the day goes on. */
const AGAIN_MILLISECONDS = 60_000;
/** What happens together is one reading. */
const CALM_MILLISECONDS = 300;
/** However much happens, this is how often it is read at most. */
const APART_MILLISECONDS = 5_000;

export const newsQuery = queryOptions({
  queryKey: ["notifications"],
  queryFn: async ({ signal }) => (await ask(NotificationsDocument, {}, signal)).notifications,
  refetchInterval: AGAIN_MILLISECONDS,
});

/** Keeps it true while somebody looks; a page in the background reads when it comes to the front. */
export function useLiveNews(): void {
  const queries = useQueryClient();
  useEffect(() => {
    const read = () => readAnew(queries, { queryKey: newsQuery.queryKey, refetchType: document.hidden ? "none" : "active" });
    const { told, stop } = calmly(read, CALM_MILLISECONDS, APART_MILLISECONDS);
    const leave = follow(NotificationsChangedDocument, {}, told);
    return () => {
      stop();
      leave();
    };
  }, [queries]);
}
