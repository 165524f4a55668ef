/** Lets an alias point to a version: only if it still points where this page showed it. */
import { useState } from "react";
import { NativeSelect, TextInput, Textarea } from "@mantine/core";
import { FormDialog } from "@/components/form-dialog";
import { SetAliasDocument } from "@/gql/graphql";
import { change, useChange } from "@/lib/change";
import { useWords } from "@/lib/words";
import { AliasMoved } from "./alias-moved";
import type { Model, ModelVersion } from "./model-query";
import { useSeen } from "./use-seen";

export interface PromoteFormProps {
  model: Model;
  versions: readonly ModelVersion[];
  version?: string;
  alias?: string;
  /** The approval with which a version may become an alias, if there is one. */
  approvalOf: (versionUid: string, alias: string) => string | undefined;
  close: () => void;
}

export function PromoteForm({ model, versions, version, alias = "", approvalOf, close }: PromoteFormProps) {
  const { say } = useWords();
  const [name, setName] = useState(alias);
  const [chosen, setChosen] = useState(version ?? versions[0]?.version ?? "");
  const [reason, setReason] = useState("");
  const { unmoved, moved } = useSeen(model);
  const now = model.aliases.find((one) => one.name === name);
  const approval = approvalOf(versions.find((one) => one.version === chosen)?.uid ?? "", name);
  const needs = model.needsApproval || now?.needsApproval === true;
  const sent = useChange((input: { alias: string; version: string; reason: string }) =>
    unmoved(input.alias, (expected) =>
      change(SetAliasDocument, { input: { project: model.project, model: model.name, expected, approval: approval ?? null, ...input } }),
    ),
  );
  return (
    <FormDialog
      title={say("model.promote")}
      about={say("promote.what")}
      submit={say("promote.do")}
      change={sent}
      values={() => ({ alias: name.trim(), version: chosen, reason: reason.trim() })}
      close={close}
    >
      <TextInput
        label={say("promote.alias")}
        description={now?.version ? say("promote.now", { version: now.version }) : name.trim() && say("promote.nowhere")}
        required
        list="aliases"
        data-autofocus
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <datalist id="aliases">
        {model.aliases.map((one) => (
          <option key={one.name} value={one.name} />
        ))}
      </datalist>
      <NativeSelect
        label={say("model.version")}
        value={chosen}
        onChange={(event) => setChosen(event.currentTarget.value)}
        data={versions.map((one) => one.version)}
      />
      <Textarea label={say("form.reason")} autosize minRows={2} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
      <AliasMoved moved={moved} />
      {needs && <p>{say(approval ? "promote.approved" : "promote.unapproved")}</p>}
    </FormDialog>
  );
}
