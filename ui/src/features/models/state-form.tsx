/** Puts a model or a version away, or takes it back. */
import { useState } from "react";
import { Checkbox, Textarea } from "@mantine/core";
import "@mantine/core/styles/Checkbox.css";
import { FormDialog } from "@/components/form-dialog";
import { SetModelStateDocument } from "@/gql/graphql";
import { ProblemError, change, useChange } from "@/lib/change";
import { useWords } from "@/lib/words";

export function StateForm({ of, name, archived, close }: { of: string; name: string; archived: boolean; close: () => void }) {
  const { say } = useWords();
  const [reason, setReason] = useState("");
  const [override, setOverride] = useState(false);
  const state = archived ? ("READY" as const) : ("ARCHIVED" as const);
  const sent = useChange((told: { reason: string; override: boolean }) =>
    change(SetModelStateDocument, { input: { uid: of, state, ...told } }),
  );
  const used = sent.trouble instanceof ProblemError && sent.trouble.code === "CONFLICT";
  return (
    <FormDialog
      title={say(archived ? "state.restore.title" : "state.archive.title", { name })}
      about={say(archived ? "state.restore.what" : "state.archive.what")}
      submit={say(archived ? "model.restore" : "model.archive")}
      danger={override}
      change={sent}
      values={() => ({ reason: reason.trim(), override })}
      close={close}
    >
      <Textarea
        label={say("form.reason")}
        required={override}
        autosize
        minRows={2}
        data-autofocus
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      {(used || override) && (
        <Checkbox label={say("state.archive.override")} checked={override} onChange={(event) => setOverride(event.currentTarget.checked)} />
      )}
    </FormDialog>
  );
}
