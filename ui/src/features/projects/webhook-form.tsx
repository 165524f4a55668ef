/** Makes a webhook, whose secret is shown once, or changes where it sends to and of what it tells. */
import { useState } from "react";
import { Checkbox, TextInput } from "@mantine/core";
import "@mantine/core/styles/Checkbox.css";
import { Dialog } from "@/components/dialog";
import { FormDialog } from "@/components/form-dialog";
import { Snippet } from "@/components/snippet";
import { CreateWebhookDocument, UpdateWebhookDocument } from "@/gql/graphql";
import type { WebhookKind } from "@/gql/graphql";
import { change, useChange } from "@/lib/change";
import { useWords } from "@/lib/words";
import { KINDS } from "./webhooks-query";
import type { Webhook } from "./webhooks-query";

interface Wanted {
  name: string;
  url: string;
  model: string;
  kinds: WebhookKind[];
}

export function WebhookForm({ project, webhook, close }: { project: string; webhook?: Webhook; close: () => void }) {
  const { say } = useWords();
  const [name, setName] = useState("");
  const [url, setUrl] = useState(webhook?.url ?? "");
  const [model, setModel] = useState("");
  const [kinds, setKinds] = useState<readonly WebhookKind[]>(KINDS.filter((one) => !webhook || webhook.kinds.includes(one.toLowerCase())));
  const [secret, setSecret] = useState<string>();
  const sent = useChange(async ({ kinds: told, ...wanted }: Wanted) => {
    if (webhook) return change(UpdateWebhookDocument, { input: { project, webhook: webhook.uid, url: wanted.url, kinds: told } });
    const made = await change(CreateWebhookDocument, { input: { project, ...wanted, kinds: told } });
    setSecret(made?.secret ?? "");
    return made;
  });
  if (secret !== undefined) {
    return (
      <Dialog title={say("webhooks.create")} close={close}>
        <p>{say("webhooks.once")}</p>
        <Snippet text={secret} />
        <p className="faint">{say("webhooks.verify")}</p>
        <Snippet text="lineage.verify_webhook(body, headers, secret)" />
      </Dialog>
    );
  }
  return (
    <FormDialog
      title={webhook ? say("webhooks.change.of", { name: webhook.name }) : say("webhooks.create")}
      about={webhook ? say("webhooks.change.what") : say("webhooks.none.why")}
      submit={say(webhook ? "action.save" : "projects.create.do")}
      change={sent}
      values={() => ({ name: name.trim(), url: url.trim(), model: model.trim(), kinds: [...kinds] })}
      close={close}
      {...(webhook ? {} : { done: () => {} })}
    >
      {!webhook && <TextInput label={say("projects.name")} required data-autofocus value={name} onChange={(event) => setName(event.currentTarget.value)} />}
      <TextInput
        label={say("webhooks.url")}
        description={say("webhooks.url.hint")}
        type="url"
        required
        value={url}
        onChange={(event) => setUrl(event.currentTarget.value)}
      />
      <Checkbox.Group label={say("webhooks.kinds")} value={[...kinds]} onChange={(chosen) => setKinds(KINDS.filter((one) => chosen.includes(one)))}>
        {KINDS.map((one) => (
          <Checkbox key={one} value={one} label={say(`webhooks.kind.${one}`)} mt={6} />
        ))}
      </Checkbox.Group>
      {!webhook && (
        <TextInput label={say("webhooks.model")} description={say("webhooks.model.hint")} value={model} onChange={(event) => setModel(event.currentTarget.value)} />
      )}
    </FormDialog>
  );
}
