/** Addresses that are told of changes: made, changed, tried out, put to sleep, let go; and what came of it. */
import { useState } from "react";
import { Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { EmptyState } from "@/components/empty-state";
import { FormDialog } from "@/components/form-dialog";
import { ListTable } from "@/components/list-table";
import { Refusal } from "@/components/refusal";
import { Trouble } from "@/components/trouble";
import { DeleteWebhookDocument, TestWebhookDocument, UpdateWebhookDocument } from "@/gql/graphql";
import { change, useChange } from "@/lib/change";
import { useWords } from "@/lib/words";
import type { MessageId } from "@/lib/words";
import { without } from "@/lib/without";
import { Deliveries } from "./webhook-deliveries";
import { WebhookForm } from "./webhook-form";
import { webhooksQuery } from "./webhooks-query";
import type { Webhook } from "./webhooks-query";
import styles from "./projects.module.css";

type Doing = { what: "change" | "drop"; to: Webhook };

export function Webhooks({ project }: { project: string }) {
  const { say } = useWords();
  const { create, hook } = useSearch({ from: "/p/$project/settings" });
  const navigate = useNavigate({ from: "/p/$project/settings" });
  const [doing, setDoing] = useState<Doing>();
  const { data, error, refetch } = useQuery(webhooksQuery(project));
  const look = (uid: string): void => void navigate({ search: (told) => ({ ...told, hook: uid }), replace: true });
  const open = (opened: boolean): void => {
    void navigate({ search: (told) => ({ ...without(told, "create"), ...(opened && { create: true as const }) }), replace: true });
  };
  if (error && !data) return <Trouble error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton height={240} />;
  const shown = data.find(({ uid }) => uid === hook);
  const add = (
    <Button size="xs" onClick={() => open(true)}>
      {say("webhooks.create")}
    </Button>
  );
  return (
    <>
      {data.length === 0 ? (
        <EmptyState kind="none" title={say("webhooks.none")} why={say("webhooks.none.why")} action={add} snippet={`lineage webhook add NAME https://… -p ${project}`} />
      ) : (
        <>
          <div className={styles.buttons}>{add}</div>
          <WebhookTable project={project} webhooks={data} shown={shown} look={look} start={setDoing} />
        </>
      )}
      {shown && <Deliveries key={shown.uid} project={project} webhook={shown} />}
      {create && <WebhookForm project={project} close={() => open(false)} />}
      {doing?.what === "change" && <WebhookForm project={project} webhook={doing.to} close={() => setDoing(undefined)} />}
      {doing?.what === "drop" && <DropForm project={project} webhook={doing.to} close={() => setDoing(undefined)} />}
    </>
  );
}

interface WebhookTableProps {
  project: string;
  webhooks: readonly Webhook[];
  shown: Webhook | undefined;
  look: (uid: string) => void;
  start: (doing: Doing) => void;
}

function WebhookTable({ project, webhooks, shown, look, start }: WebhookTableProps) {
  const { say } = useWords();
  const ping = useChange((webhook: string) => change(TestWebhookDocument, { input: { project, webhook } }));
  const sleep = useChange(({ uid, enabled }: Webhook) => change(UpdateWebhookDocument, { input: { project, webhook: uid, enabled: !enabled } }));
  const act = ([word, whole]: readonly [MessageId, MessageId], { name }: Webhook, does: () => void, busy = false) => (
    <Button size="compact-xs" variant="default" loading={busy} onClick={does} aria-label={say(whole, { name })}>
      {say(word)}
    </Button>
  );
  return (
    <>
      <Refusal trouble={ping.trouble ?? sleep.trouble} />
      <ListTable label={say("settings.webhooks")} columns={[say("projects.name"), say("webhooks.url"), say("webhooks.kinds"), say("tokens.state"), ""]}>
        {webhooks.map((one) => (
          <tr key={one.uid} aria-current={one === shown ? "true" : undefined}>
            <th scope="row">
              <bdi>{one.name}</bdi>
            </th>
            <td>
              <code className={styles.small}>{one.url}</code>
            </td>
            <td>
              <code>{one.kinds.join(" ")}</code>
              {one.model && (
                <div>
                  {say("webhooks.model")}: <bdi>{one.model}</bdi>
                </div>
              )}
            </td>
            <td>{say(one.enabled ? "webhooks.on" : "webhooks.off")}</td>
            <td>
              <div className={styles.buttons}>
                {act(["webhooks.deliveries", "webhooks.deliveries.of"], one, () => look(one.uid))}
                {one.enabled && act(["webhooks.test", "webhooks.test.of"], one, () => void ping.send(one.uid).then((done) => done && look(one.uid)), ping.busy)}
                {act(["webhooks.change", "webhooks.change.of"], one, () => start({ what: "change", to: one }))}
                {act(one.enabled ? ["webhooks.pause", "webhooks.pause.of"] : ["webhooks.resume", "webhooks.resume.of"], one, () => void sleep.send(one), sleep.busy)}
                {act(["webhooks.drop", "webhooks.drop.of"], one, () => start({ what: "drop", to: one }))}
              </div>
            </td>
          </tr>
        ))}
      </ListTable>
    </>
  );
}

function DropForm({ project, webhook, close }: { project: string; webhook: Webhook; close: () => void }) {
  const { say } = useWords();
  const sent = useChange((uid: string) => change(DeleteWebhookDocument, { input: { project, webhook: uid } }));
  return (
    <FormDialog
      title={say("webhooks.drop.of", { name: webhook.name })}
      about={say("webhooks.drop.what")}
      submit={say("webhooks.drop")}
      danger
      change={sent}
      values={() => webhook.uid}
      close={close}
    />
  );
}
