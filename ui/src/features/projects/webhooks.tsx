/** Addresses that are told of changes, and what came of it. They are made with a client: `lineage webhook add`. */
import { useState } from "react";
import { Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { ListTable } from "@/components/list-table";
import { EmptyState } from "@/components/empty-state";
import { Section } from "@/components/page";
import { Refusal } from "@/components/refusal";
import { TimeAgo } from "@/components/time-ago";
import { Trouble } from "@/components/trouble";
import { ResendDeliveryDocument, TestWebhookDocument, WebhookDeliveriesDocument, WebhooksDocument } from "@/gql/graphql";
import type { WebhooksQuery } from "@/gql/graphql";
import { change, useChange } from "@/lib/change";
import { ask } from "@/lib/graphql";
import { useWords } from "@/lib/words";
import type { MessageId } from "@/lib/words";
import styles from "./projects.module.css";

type Webhook = WebhooksQuery["webhooks"][number];

export function Webhooks({ project }: { project: string }) {
  const { say } = useWords();
  const [shown, setShown] = useState<Webhook>();
  const { data, error, refetch } = useQuery({
    queryKey: ["webhooks", project],
    queryFn: async ({ signal }) => (await ask(WebhooksDocument, { project }, signal)).webhooks,
  });
  const ping = useChange((webhook: string) => change(TestWebhookDocument, { input: { project, webhook } }));
  if (error && !data) return <Trouble error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton height={240} />;
  if (data.length === 0) {
    return <EmptyState kind="none" title={say("webhooks.none")} why={say("webhooks.none.why")} snippet={`lineage webhook add NAME https://… -p ${project}`} />;
  }
  return (
    <>
      <Refusal trouble={ping.trouble} />
      <ListTable label={say("settings.webhooks")} columns={[say("projects.name"), say("webhooks.url"), say("webhooks.kinds"), say("tokens.state"), ""]}>
        {data.map((one) => (
          <tr key={one.uid}>
            <th scope="row">
              <bdi>{one.name}</bdi>
            </th>
            <td>
              <code>{one.url}</code>
            </td>
            <td>
              <code>{one.kinds.join(" ")}</code>
            </td>
            <td>{say(one.enabled ? "webhooks.on" : "webhooks.off")}</td>
            <td>
              <div className={styles.buttons}>
                <Button size="compact-xs" variant="default" onClick={() => setShown(one)} aria-label={say("webhooks.deliveries.of", { name: one.name })}>
                  {say("webhooks.deliveries")}
                </Button>
                <Button
                  size="compact-xs"
                  variant="default"
                  loading={ping.busy}
                  onClick={() => void ping.send(one.uid)}
                  aria-label={say("webhooks.test.of", { name: one.name })}
                >
                  {say("webhooks.test")}
                </Button>
              </div>
            </td>
          </tr>
        ))}
      </ListTable>
      {shown && <Deliveries key={shown.uid} project={project} webhook={shown} />}
    </>
  );
}

function Deliveries({ project, webhook }: { project: string; webhook: Webhook }) {
  const { say } = useWords();
  const { data, error, refetch } = useQuery({
    queryKey: ["deliveries", webhook.uid],
    queryFn: async ({ signal }) => (await ask(WebhookDeliveriesDocument, { project, webhook: webhook.uid }, signal)).webhookDeliveries,
  });
  const again = useChange((delivery: string) => change(ResendDeliveryDocument, { input: { project, delivery } }));
  return (
    <Section title={say("webhooks.deliveries.of", { name: webhook.name })}>
      <Refusal trouble={again.trouble} />
      {error && !data && <Trouble error={error} retry={() => void refetch()} />}
      {data?.edges.length === 0 && <p className="faint">{say("webhooks.deliveries.none")}</p>}
      {data && data.edges.length > 0 && (
        <ListTable label={say("webhooks.deliveries")} columns={[say("history.when"), say("history.what"), say("tokens.state"), say("webhooks.attempts"), say("webhooks.answer"), ""]}>
          {data.edges.map(({ node }) => (
            <tr key={node.uid}>
              <td>
                <TimeAgo time={node.at} />
              </td>
              <td>
                <code>{node.kind}</code>
              </td>
              <td>{say(`delivery.${node.state}` as MessageId)}</td>
              <td>{node.attempts}</td>
              <td>
                <code className={styles.small}>{[node.status || "", node.error].filter(Boolean).join(" ")}</code>
              </td>
              <td>
                <Button size="compact-xs" variant="default" onClick={() => void again.send(node.uid)}>
                  {say("webhooks.resend")}
                </Button>
              </td>
            </tr>
          ))}
        </ListTable>
      )}
    </Section>
  );
}
