/** Asks for a verdict on a version, for one alias or for any. */
import { useState } from "react";
import { NativeSelect, TextInput, Textarea } from "@mantine/core";
import { FormDialog } from "@/components/form-dialog";
import { RequestApprovalDocument } from "@/gql/graphql";
import { change, useChange } from "@/lib/change";
import { useWords } from "@/lib/words";
import type { Model, ModelVersion } from "./model-query";

export interface RequestFormProps {
  model: Model;
  versions: readonly ModelVersion[];
  version?: string;
  close: () => void;
}

export function RequestForm({ model, versions, version, close }: RequestFormProps) {
  const { say } = useWords();
  const [chosen, setChosen] = useState(version ?? versions[0]?.version ?? "");
  const [alias, setAlias] = useState("");
  const [comment, setComment] = useState("");
  const sent = useChange((input: { version: string; alias: string; comment: string }) =>
    change(RequestApprovalDocument, { input: { project: model.project, model: model.name, ...input } }),
  );
  return (
    <FormDialog
      title={say("model.request")}
      about={say("request.what")}
      submit={say("request.do")}
      change={sent}
      values={() => ({ version: chosen, alias: alias.trim(), comment: comment.trim() })}
      close={close}
    >
      <NativeSelect
        label={say("model.version")}
        value={chosen}
        onChange={(event) => setChosen(event.currentTarget.value)}
        data={versions.map((one) => one.version)}
      />
      <TextInput
        label={say("promote.alias")}
        description={say("request.alias.hint")}
        value={alias}
        onChange={(event) => setAlias(event.currentTarget.value)}
      />
      <Textarea label={say("request.comment")} autosize minRows={2} value={comment} onChange={(event) => setComment(event.currentTarget.value)} />
    </FormDialog>
  );
}
