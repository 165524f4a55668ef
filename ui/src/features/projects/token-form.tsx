/** Makes a token of one's own, or of a service; its text is shown once. */
import { useState } from "react";
import { NativeSelect, TextInput } from "@mantine/core";
import { Dialog } from "@/components/dialog";
import { FormDialog } from "@/components/form-dialog";
import { Snippet } from "@/components/snippet";
import { CreateTokenDocument } from "@/gql/graphql";
import type { CreateTokenInput, Role } from "@/gql/graphql";
import { change, useChange } from "@/lib/change";
import { useWords } from "@/lib/words";
import { endAfter } from "./token-state";

const ROLES = ["VIEWER", "EDITOR", "ADMIN"] as const satisfies readonly Role[];

export function TokenForm({ project, close }: { project: string; close: () => void }) {
  const { say } = useWords();
  const [name, setName] = useState("");
  const [service, setService] = useState(false);
  const [subject, setSubject] = useState("");
  const [role, setRole] = useState<Role | "">("");
  const [days, setDays] = useState("90");
  const [text, setText] = useState<string>();
  const sent = useChange(async (input: CreateTokenInput) => {
    const made = await change(CreateTokenDocument, { input });
    setText(made?.text ?? "");
  });
  if (text !== undefined) {
    return (
      <Dialog title={say("tokens.create")} close={close}>
        <p>{say("tokens.once")}</p>
        <Snippet text={text} />
      </Dialog>
    );
  }
  const values = (): CreateTokenInput => ({
    name: name.trim(),
    service,
    subject: service ? subject.trim() : "",
    scopes: role ? [{ project, role }] : [],
    platformAdmin: false,
    expiresAt: endAfter(days),
  });
  return (
    <FormDialog title={say("tokens.create")} submit={say("projects.create.do")} change={sent} values={values} close={close} done={() => {}}>
      <TextInput label={say("tokens.name")} required data-autofocus value={name} onChange={(event) => setName(event.currentTarget.value)} />
      <NativeSelect
        label={say("tokens.kind")}
        value={service ? "service" : "user"}
        onChange={(event) => {
          const chosen = event.currentTarget.value === "service";
          setService(chosen);
          if (chosen && !role) setRole("EDITOR");
        }}
        data={(["user", "service"] as const).map((one) => ({ value: one, label: say(`tokens.kind.${one}`) }))}
      />
      {service && <TextInput label={say("tokens.subject")} required value={subject} onChange={(event) => setSubject(event.currentTarget.value)} />}
      <NativeSelect
        label={say("tokens.role", { project })}
        value={role}
        onChange={(event) => setRole(event.currentTarget.value as Role | "")}
        data={[...(service ? [] : [{ value: "", label: say("tokens.scopes.none") }]), ...ROLES.map((one) => ({ value: one, label: say(`role.${one}`) }))]}
      />
      <TextInput
        label={say("tokens.days")}
        description={say("tokens.days.hint")}
        type="number"
        min={0}
        step="any"
        value={days}
        onChange={(event) => setDays(event.currentTarget.value)}
      />
    </FormDialog>
  );
}
