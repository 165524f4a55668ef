/** The card of a model: Markdown for people, written here. */
import { useState } from "react";
import { Button, Textarea } from "@mantine/core";
import { EmptyState } from "@/components/empty-state";
import { FormDialog } from "@/components/form-dialog";
import { Markdown } from "@/components/markdown";
import { Section } from "@/components/page";
import { UpdateModelDocument } from "@/gql/graphql";
import { change, useChange } from "@/lib/change";
import { useWords } from "@/lib/words";
import type { Model } from "./model-query";

export function ModelCard({ model }: { model: Model }) {
  const { say } = useWords();
  const [opened, setOpened] = useState(false);
  const button = (
    <Button size="xs" variant="default" onClick={() => setOpened(true)}>
      {say(model.card ? "card.change" : "card.edit")}
    </Button>
  );
  return (
    <>
      {model.card ? (
        <Section title={say("model.card")} actions={button}>
          <Markdown text={model.card} />
        </Section>
      ) : (
        <EmptyState kind="none" title={say("card.none")} why={say("card.none.why")} action={button} />
      )}
      {opened && <CardForm model={model} close={() => setOpened(false)} />}
    </>
  );
}

function CardForm({ model, close }: { model: Model; close: () => void }) {
  const { say } = useWords();
  const [card, setCard] = useState(model.card);
  const sent = useChange((text: string) =>
    change(UpdateModelDocument, { input: { project: model.project, model: model.name, card: text, tags: [] } }),
  );
  return (
    <FormDialog title={say(model.card ? "card.change" : "card.edit")} submit={say("action.save")} change={sent} values={() => card} close={close} size="xl">
      <Textarea
        label={say("card.markdown")}
        autosize
        minRows={10}
        maxRows={20}
        data-autofocus
        value={card}
        onChange={(event) => setCard(event.currentTarget.value)}
      />
      <Section title={say("version.preview")}>
        <Markdown text={card} />
      </Section>
    </FormDialog>
  );
}
