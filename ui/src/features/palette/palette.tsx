/** Ctrl-K: finds pages here, and entities on the server as one types. */
import { useState } from "react";
import { Spotlight, spotlight } from "@mantine/spotlight";
import "@mantine/spotlight/styles.css";
import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { useDebouncedValue } from "@mantine/hooks";
import { Icon } from "@/components/icon";
import type { IconName } from "@/components/icon";
import { kindIcon } from "@/components/kinds";
import { SearchDocument } from "@/gql/graphql";
import { ask } from "@/lib/graphql";
import { useWords } from "@/lib/words";
import type { MessageId } from "@/lib/words";

const PAUSE_MILLISECONDS = 150;
/** What can stand in the middle of a lineage. */
const LABELS = ["Artifact", "ArtifactVersion", "Run", "Job", "RegisteredModel", "ModelVersion", "Deployment"];

export interface PaletteProps {
  project: string;
  pages: readonly { to: "/p/$project" | "/p/$project/runs" | "/p/$project/lineage"; icon: IconName; name: MessageId }[];
  opened: boolean;
  close: () => void;
}

const searchQuery = (project: string, text: string) =>
  queryOptions({
    queryKey: ["search", project, text],
    queryFn: ({ signal }) => ask(SearchDocument, { text, project, labels: LABELS, first: 12 }, signal),
    enabled: text !== "",
    placeholderData: keepPreviousData,
  });

export function Palette({ project, pages, opened, close }: PaletteProps) {
  const { say } = useWords();
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  const [text] = useDebouncedValue(typed.trim(), PAUSE_MILLISECONDS);
  const { data, isFetching, error } = useQuery(searchQuery(project, text));
  useEffect(() => (opened ? spotlight.open() : spotlight.close()), [opened]);

  const wanted = typed.trim().toLowerCase();
  const found = pages.filter((page) => say(page.name).toLowerCase().includes(wanted));
  const nodes = text && wanted ? (data?.search.edges.map(({ node }) => node) ?? []) : [];
  return (
    <Spotlight.Root
      query={typed}
      onQueryChange={setTyped}
      onSpotlightClose={close}
      shortcut={null}
      lockScroll={false}
      scrollable
      maxHeight={420}
    >
      <Spotlight.Search placeholder={say("palette.hint")} aria-label={say("palette.hint")} leftSection={<Icon name="search" />} />
      <Spotlight.ActionsList>
        {found.length > 0 && (
          <Spotlight.ActionsGroup label={say("palette.pages")}>
            {found.map((page) => (
              <Spotlight.Action
                key={page.to}
                label={say(page.name)}
                leftSection={<Icon name={page.icon} />}
                onClick={() => void navigate({ to: page.to, params: { project } })}
              />
            ))}
          </Spotlight.ActionsGroup>
        )}
        {nodes.length > 0 && (
          <Spotlight.ActionsGroup label={say("palette.found")}>
            {nodes.map((node) => (
              <Spotlight.Action
                key={node.uid}
                label={node.name}
                description={say("palette.kind", { label: say(`label.${node.label}` as MessageId), kind: node.kind })}
                leftSection={<Icon name={kindIcon(node.label, node.kind)} />}
                onClick={() => void navigate({ to: "/p/$project/lineage", params: { project }, search: { focus: node.uid } })}
              />
            ))}
          </Spotlight.ActionsGroup>
        )}
        {found.length + nodes.length === 0 && (
          <Spotlight.Empty>{say(error ? "palette.failed" : isFetching ? "palette.busy" : "palette.nothing", { text: typed })}</Spotlight.Empty>
        )}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  );
}
