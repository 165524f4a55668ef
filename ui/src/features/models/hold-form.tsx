/** Keeps a version from being deleted, or lets it go. */
import { useState } from "react";
import { Textarea } from "@mantine/core";
import { FormDialog } from "@/components/form-dialog";
import { SetHoldDocument } from "@/gql/graphql";
import { change, useChange } from "@/lib/change";
import { useWords } from "@/lib/words";

export function HoldForm({ of, held, close }: { of: string; held: boolean; close: () => void }) {
  const { say } = useWords();
  const [reason, setReason] = useState("");
  const sent = useChange((told: string) => change(SetHoldDocument, { input: { uid: of, hold: !held, reason: told } }));
  const name = say(held ? "model.release" : "model.hold");
  return (
    <FormDialog title={name} about={say(held ? "hold.release.what" : "hold.what")} submit={name} change={sent} values={() => reason.trim()} close={close}>
      <Textarea label={say("form.reason")} autosize minRows={2} data-autofocus value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
    </FormDialog>
  );
}
