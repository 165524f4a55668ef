/** Asks whose lineage one wants to see: by a word of its name, or by a reference. */
import { useState } from "react";
import { TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { EmptyState } from "@/components/empty-state";
import { Icon } from "@/components/icon";
import { kindIcon } from "@/components/kinds";
import { Trouble } from "@/components/trouble";
import { ArtifactsDocument, SearchDocument } from "@/gql/graphql";
import { ask } from "@/lib/graphql";
import { LINEAGE_LABELS, lineageOf } from "@/lib/lineage-of";
import { useWords } from "@/lib/words";
import type { MessageId } from "@/lib/words";
import styles from "./start-finder.module.css";

const PAUSE_MILLISECONDS = 200;
const MOST_RECENT = 20;
/** `model:churn@prod`, `run:0197…`: what the server resolves by itself. */
const REFERENCE = /^[a-z]+:\S+$/;

export function StartFinder({ project }: { project: string }) {
  const { say } = useWords();
  const [typed, setTyped] = useState("");
  const [text] = useDebouncedValue(typed.trim(), PAUSE_MILLISECONDS);
  const { data, error, refetch } = useQuery({
    queryKey: ["search", project, text, "start"],
    queryFn: ({ signal }) => ask(SearchDocument, { text, project, labels: LINEAGE_LABELS, first: 20 }, signal),
    enabled: text !== "",
    placeholderData: keepPreviousData,
  });
  const { data: recent } = useQuery({
    queryKey: ["artifacts", project, "lately"],
    queryFn: async ({ signal }) =>
      (await ask(ArtifactsDocument, { project, first: MOST_RECENT, orderBy: { by: "UPDATED", direction: "DESC" } }, signal)).artifacts.edges.map(
        ({ node }) => node,
      ),
  });
  const found = text ? data?.search.edges.map(({ node }) => node) : undefined;

  return (
    <div className={styles.page}>
      <h1>{say("lineage.start")}</h1>
      <TextInput
        className={styles.field}
        label={say("lineage.start.field")}
        description={say("lineage.start.hint")}
        leftSection={<Icon name="search" />}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      {error && <Trouble error={error} retry={() => void refetch()} />}
      {REFERENCE.test(text) && (
        <Link to="/p/$project/lineage" params={{ project }} search={{ focus: text }}>
          {say("lineage.start.reference", { reference: text })}
        </Link>
      )}
      {found?.length === 0 && !REFERENCE.test(text) && (
        <EmptyState kind="filtered" title={say("palette.nothing", { text })} why={say("lineage.start.none")} />
      )}
      {!text && recent && recent.length > 0 && <h2>{say("lineage.recent")}</h2>}
      <ul className={styles.found}>
        {(text ? found : recent)?.map((node) => (
          <li key={node.uid}>
            <Link to="/p/$project/lineage" params={{ project }} search={lineageOf(node)}>
              <Icon name={kindIcon(node.label, node.kind)} />
              <bdi>{node.name}</bdi>
              <span className="faint">
                {say("palette.kind", { label: say(`label.${node.label}` as MessageId), kind: node.kind })}
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}
