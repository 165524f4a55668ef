/** Webhooks of a project, and what each was told. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { WebhookDeliveriesDocument, WebhooksDocument } from "@/gql/graphql";
import type { WebhookDeliveriesQuery, WebhooksQuery } from "@/gql/graphql";
import { ask } from "@/lib/graphql";
import { pageAfter } from "@/lib/pages";

export type Webhook = WebhooksQuery["webhooks"][number];
export type Delivery = WebhookDeliveriesQuery["webhookDeliveries"]["edges"][number]["node"];

export const KINDS = ["ALIAS", "VERSION", "STATE", "APPROVAL", "DELETION"] as const;

const AGAIN_MILLISECONDS = 2_000;

export const webhooksQuery = (project: string) =>
  queryOptions({
    queryKey: ["webhooks", project],
    queryFn: async ({ signal }) => (await ask(WebhooksDocument, { project }, signal)).webhooks,
  });

export const deliveriesQuery = (project: string, webhook: string) =>
  infiniteQueryOptions({
    queryKey: ["deliveries", webhook],
    queryFn: ({ pageParam, signal }) => ask(WebhookDeliveriesDocument, { project, webhook, after: pageParam }, signal),
    initialPageParam: "",
    getNextPageParam: ({ webhookDeliveries }) => pageAfter(webhookDeliveries.pageInfo),
    // What waits to be sent is looked at again; what has ended stays as it is.
    refetchInterval: ({ state }) => {
      const waits = state.data?.pages.some((page) => page.webhookDeliveries.edges.some(({ node }) => node.state === "pending"));
      return waits ? AGAIN_MILLISECONDS : false;
    },
  });
