/** The card of a model: Markdown for people, written here; another one that came meanwhile is shown, not overruled. */
import { useState } from "react";
import { Button, Textarea } from "@mantine/core";
import { EmptyState } from "@/components/empty-state";
import { FormDialog } from "@/components/form-dialog";
import { Markdown } from "@/components/markdown";
import { Section } from "@/components/page";
import { ModelPageDocument, UpdateModelDocument } from "@/gql/graphql";
import { ProblemError, change, useChange } from "@/lib/change";
import { ask } from "@/lib/graphql";
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
  const [seen, setSeen] = useState(model.card);
  const [theirs, setTheirs] = useState<string>();
  const sent = useChange(async (text: string) => {
    try {
      await change(UpdateModelDocument, { input: { project: model.project, model: model.name, card: text, expectedCard: seen, tags: [] } });
    } catch (error) {
      if (error instanceof ProblemError && error.code === "CONFLICT") {
        const now = await cardNow(model);
        setSeen(now);
        setTheirs(now);
      }
      throw error;
    }
  });
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
      {theirs !== undefined && (
        <>
          <output>{say(theirs ? "card.changed" : "card.changed.none")}</output>
          {theirs && <Textarea label={say("card.theirs")} autosize minRows={3} maxRows={12} readOnly value={theirs} />}
        </>
      )}
      <Section title={say("version.preview")}>
        <Markdown text={card} />
      </Section>
    </FormDialog>
  );
}

async function cardNow({ uid, project }: Model): Promise<string> {
  const { node } = await ask(ModelPageDocument, { uid, project });
  return "card" in node ? node.card : "";
}
