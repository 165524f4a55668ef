/** Registers a version: of a model that is there, or of a new one. */
import { useState } from "react";
import { TextInput, Textarea } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { FormDialog } from "@/components/form-dialog";
import { CreateModelVersionDocument, RegisterModelDocument, ResolveDocument } from "@/gql/graphql";
import { ProblemError, change, useChange } from "@/lib/change";
import { ask } from "@/lib/graphql";
import { useWords } from "@/lib/words";

interface Registered {
  project: string;
  name: string;
  from: string;
  description: string;
}

/** A model that is there already is taken as it is. */
async function register({ project, name, from, description }: Registered): Promise<void> {
  const origin = from ? (await ask(ResolveDocument, { ref: from, project })).resolve : "";
  try {
    await change(RegisterModelDocument, { input: { project, name, tags: [] } });
  } catch (error) {
    if (!(error instanceof ProblemError) || error.code !== "CONFLICT" || !origin) throw error;
  }
  if (!origin) return;
  const input = { project, model: name, origin, state: "READY" as const, description: description || null, tags: [], metrics: [] };
  await change(CreateModelVersionDocument, { input });
}

export function RegisterForm({ project, from, close }: { project: string; from: string; close: () => void }) {
  const { say } = useWords();
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [source, setSource] = useState(from);
  const [description, setDescription] = useState("");
  const sent = useChange(register);
  const show = (): void => {
    void navigate({ to: "/p/$project/model", params: { project }, search: { of: `model:${project}/${name.trim()}` } });
  };
  return (
    <FormDialog
      title={say("models.register")}
      about={say("register.what")}
      submit={say("models.register.do")}
      change={sent}
      values={() => ({ project, name: name.trim(), from: source.trim(), description: description.trim() })}
      close={close}
      done={show}
    >
      <TextInput
        label={say("register.name")}
        description={say("register.name.hint")}
        required
        data-autofocus
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <TextInput
        label={say("register.from")}
        description={say("register.from.hint")}
        value={source}
        onChange={(event) => setSource(event.currentTarget.value)}
      />
      <Textarea
        label={say("register.description")}
        autosize
        minRows={2}
        value={description}
        onChange={(event) => setDescription(event.currentTarget.value)}
      />
    </FormDialog>
  );
}
