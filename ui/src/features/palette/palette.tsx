/** Ctrl-K: finds pages here, and entities on the server as one types. */
import { useEffect, useState } from "react";
import type { KeyboardEvent } from "react";
import { Spotlight, spotlight } from "@mantine/spotlight";
import "@mantine/spotlight/styles.css";
import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useDebouncedValue } from "@mantine/hooks";
import { Icon } from "@/components/icon";
import type { IconName } from "@/components/icon";
import { kindIcon } from "@/components/kinds";
import { SearchDocument } from "@/gql/graphql";
import { ask } from "@/lib/graphql";
import { LINEAGE_LABELS, lineageOf } from "@/lib/lineage-of";
import { useWords } from "@/lib/words";
import type { MessageId } from "@/lib/words";

const PAUSE_MILLISECONDS = 150;

export type PagePath = "/p/$project" | "/p/$project/runs" | "/p/$project/artifacts" | "/p/$project/models" | "/p/$project/lineage";

export interface PaletteProps {
  project: string;
  pages: readonly { to: PagePath; icon: IconName; name: MessageId }[];
  opened: boolean;
  close: () => void;
}

const searchQuery = (project: string, text: string) =>
  queryOptions({
    queryKey: ["search", project, text],
    queryFn: ({ signal }) => ask(SearchDocument, { text, project, labels: LINEAGE_LABELS, first: 12 }, signal),
    enabled: text !== "",
    placeholderData: keepPreviousData,
  });

/** Enter takes the first entry where none was chosen with the arrows. */
function takeFirst(event: KeyboardEvent<HTMLElement>): void {
  if (event.key !== "Enter" || event.nativeEvent.isComposing) return;
  const dialog = event.currentTarget.closest("[role=dialog]");
  if (!dialog?.querySelector("[data-selected]")) dialog?.querySelector<HTMLElement>("[data-action]")?.click();
}

export function Palette({ project, pages, opened, close }: PaletteProps) {
  const { say } = useWords();
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  const [text] = useDebouncedValue(typed.trim(), PAUSE_MILLISECONDS);
  const { data, isFetching, error } = useQuery(searchQuery(project, text));
  useEffect(() => (opened ? spotlight.open() : spotlight.close()), [opened]);

  const busy = isFetching || text !== typed.trim();
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
      <Spotlight.Search
        placeholder={say("palette.hint")}
        aria-label={say("palette.hint")}
        leftSection={<Icon name="search" />}
        onKeyDown={takeFirst}
      />
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
                onClick={() => void navigate({ to: "/p/$project/lineage", params: { project }, search: lineageOf(node) })}
              />
            ))}
          </Spotlight.ActionsGroup>
        )}
        {found.length + nodes.length === 0 && (
          <Spotlight.Empty>
            {say(error ? "palette.failed" : busy ? "palette.busy" : "palette.nothing", { text: typed })}
          </Spotlight.Empty>
        )}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  );
}
