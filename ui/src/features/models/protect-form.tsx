/** Who may move an alias, or all of a model, and whether it takes an approval. */
import { useState } from "react";
import { Checkbox, TextInput, Textarea } from "@mantine/core";
import "@mantine/core/styles/Checkbox.css";
import { FormDialog } from "@/components/form-dialog";
import { SetProtectionDocument } from "@/gql/graphql";
import { change, useChange } from "@/lib/change";
import { useWords } from "@/lib/words";
import { namesIn } from "./figures";
import type { Alias, Model } from "./model-query";

interface Rule {
  protected: boolean;
  approval: boolean;
  movers: string[];
  approvers: string[];
  reason: string;
}

export function ProtectForm({ model, alias, close }: { model: Model; alias?: Alias; close: () => void }) {
  const { say } = useWords();
  const now = alias ?? model;
  const [guarded, setGuarded] = useState(true);
  const [approval, setApproval] = useState(now.protected ? now.needsApproval : true);
  const [movers, setMovers] = useState(now.movers.join(", "));
  const [approvers, setApprovers] = useState(now.approvers.join(", "));
  const [reason, setReason] = useState("");
  const sent = useChange((rule: Rule) =>
    change(SetProtectionDocument, { input: { project: model.project, model: model.name, alias: alias?.name ?? "", ...rule } }),
  );
  return (
    <FormDialog
      title={alias ? say("aliases.protect.of", { name: alias.name }) : say("protect.all")}
      about={say("protect.what")}
      submit={say("action.save")}
      change={sent}
      values={() => ({
        protected: guarded,
        approval: guarded && approval,
        movers: guarded ? namesIn(movers) : [],
        approvers: guarded ? namesIn(approvers) : [],
        reason: reason.trim(),
      })}
      close={close}
    >
      <Checkbox label={say("aliases.protected")} checked={guarded} onChange={(event) => setGuarded(event.currentTarget.checked)} />
      <Checkbox
        label={say("aliases.approval")}
        disabled={!guarded}
        checked={guarded && approval}
        onChange={(event) => setApproval(event.currentTarget.checked)}
      />
      <TextInput
        label={say("aliases.movers")}
        description={say("protect.names")}
        disabled={!guarded}
        value={movers}
        onChange={(event) => setMovers(event.currentTarget.value)}
      />
      <TextInput
        label={say("aliases.approvers")}
        description={say("protect.names")}
        disabled={!guarded}
        value={approvers}
        onChange={(event) => setApprovers(event.currentTarget.value)}
      />
      <Textarea label={say("form.reason")} autosize minRows={2} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
    </FormDialog>
  );
}
