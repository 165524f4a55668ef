/** Lets an alias point nowhere, if it still points where this page showed it. */
import { useState } from "react";
import { Textarea } from "@mantine/core";
import { FormDialog } from "@/components/form-dialog";
import { DeleteAliasDocument } from "@/gql/graphql";
import { change, useChange } from "@/lib/change";
import { useWords } from "@/lib/words";
import { AliasMoved } from "./alias-moved";
import type { Alias, Model } from "./model-query";
import { useSeen } from "./use-seen";

export function UnsetForm({ model, alias, close }: { model: Model; alias: Alias; close: () => void }) {
  const { say } = useWords();
  const [reason, setReason] = useState("");
  const { unmoved, moved } = useSeen(model);
  const sent = useChange((told: string) =>
    unmoved(alias.name, (expected) =>
      change(DeleteAliasDocument, { input: { project: model.project, model: model.name, alias: alias.name, expected, reason: told } }),
    ),
  );
  return (
    <FormDialog
      title={say("aliases.unset.of", { name: alias.name })}
      about={say("aliases.unset.what")}
      submit={say("aliases.unset")}
      danger
      change={sent}
      values={() => reason.trim()}
      close={close}
    >
      <AliasMoved moved={moved} />
      <Textarea label={say("form.reason")} autosize minRows={2} data-autofocus value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
    </FormDialog>
  );
}
