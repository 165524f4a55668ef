/** What a webhook was told, the newest first, and what came of it. */
import { useState } from "react";
import { Button, Skeleton } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Dialog } from "@/components/dialog";
import { ListTable } from "@/components/list-table";
import { More } from "@/components/more";
import { Section } from "@/components/page";
import { Refusal } from "@/components/refusal";
import { Snippet } from "@/components/snippet";
import { TimeAgo } from "@/components/time-ago";
import { Trouble } from "@/components/trouble";
import { ResendDeliveryDocument } from "@/gql/graphql";
import { change, useChange } from "@/lib/change";
import { ago } from "@/lib/format";
import { useWords } from "@/lib/words";
import type { MessageId } from "@/lib/words";
import { deliveriesQuery } from "./webhooks-query";
import type { Delivery, Webhook } from "./webhooks-query";
import styles from "./projects.module.css";

export function Deliveries({ project, webhook }: { project: string; webhook: Webhook }) {
  const { say } = useWords();
  const [shown, setShown] = useState<Delivery>();
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery(deliveriesQuery(project, webhook.uid));
  const again = useChange((delivery: string) => change(ResendDeliveryDocument, { input: { project, delivery } }));
  const found = data?.pages.flatMap((page) => page.webhookDeliveries.edges.map(({ node }) => node));
  const columns = [say("history.when"), say("history.what"), say("tokens.state"), say("webhooks.attempts"), say("webhooks.answer"), ""];
  return (
    <Section title={say("webhooks.deliveries.of", { name: webhook.name })}>
      <Refusal trouble={again.trouble} />
      {error && !found && <Trouble error={error} retry={() => void refetch()} />}
      {!found && !error && <Skeleton height={160} />}
      {found?.length === 0 && <p className="faint">{say("webhooks.deliveries.none")}</p>}
      {found && found.length > 0 && (
        <ListTable label={say("webhooks.deliveries")} columns={columns}>
          {found.map((one) => (
            <tr key={one.uid} data-delivery={one.state}>
              <td>
                <TimeAgo time={one.at} />
              </td>
              <td>
                <code>{one.kind}</code>
              </td>
              <td>
                <DeliveryState delivery={one} />
              </td>
              <td data-value>{one.attempts}</td>
              <td>
                <code className={styles.small}>{[one.status || "", one.error].filter(Boolean).join(" ")}</code>
              </td>
              <td>
                <div className={styles.buttons}>
                  <Button size="compact-xs" variant="default" onClick={() => setShown(one)}>
                    {say("webhooks.body")}
                  </Button>
                  <Button size="compact-xs" variant="default" loading={again.busy} onClick={() => void again.send(one.uid)}>
                    {say("webhooks.resend")}
                  </Button>
                </div>
              </td>
            </tr>
          ))}
        </ListTable>
      )}
      <More left={hasNextPage} loading={isFetchingNextPage} ask={fetchNextPage} />
      {shown && (
        <Dialog title={say("webhooks.body.of", { kind: shown.kind })} close={() => setShown(undefined)} size="lg">
          <p>
            <DeliveryState delivery={shown} /> <TimeAgo time={shown.lastAt ?? shown.at} />
          </p>
          <Snippet text={JSON.stringify(shown.body, undefined, 2)} />
        </Dialog>
      )}
    </Section>
  );
}

/** By a sign and a word; of one that is tried again, when. */
function DeliveryState({ delivery: { state, nextAt, attempts } }: { delivery: Delivery }) {
  const { say, language } = useWords();
  const looks: Record<string, string> = { pending: "…", delivered: "✓", failed: "✕" };
  return (
    <span className={styles.state} data-state={state}>
      <span aria-hidden="true">{looks[state]}</span> {say(`delivery.${state}` as MessageId)}
      {state === "pending" && attempts > 0 && nextAt && (
        <span className="faint"> {say("webhooks.next", { when: ago(nextAt, language) })}</span>
      )}
    </span>
  );
}
