/** Ctrl-K: finds pages and actions here, and entities on the server as one types. */
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
import { placeOf } from "@/lib/place-of";
import { useWords } from "@/lib/words";
import type { MessageId } from "@/lib/words";
import { useActions } from "./actions";
import { askedFor, fits } from "./palette-entries";
import type { Asked } from "./palette-entries";

const PAUSE_MILLISECONDS = 150;

export interface PaletteProps {
  project: string;
  pages: readonly { name: MessageId; icon: IconName; go: () => void }[];
  opened: boolean;
  close: () => void;
}

const searchQuery = (project: string, { text, labels }: Asked) =>
  queryOptions({
    queryKey: ["search", project, text, labels.join()],
    queryFn: ({ signal }) => ask(SearchDocument, { text, project, labels: [...labels], first: 12 }, signal),
    enabled: text !== "",
    placeholderData: keepPreviousData,
  });

/** Enter takes the first entry where none was chosen with the arrows. */
function takeFirst(event: KeyboardEvent<HTMLElement>): void {
  if (event.key !== "Enter" || event.nativeEvent.isComposing) return;
  const dialog = event.currentTarget.closest("[role=dialog]");
  if (!dialog?.querySelector("[data-selected]")) dialog?.querySelector<HTMLElement>("[data-action]")?.click();
}

/** Keys of an input method that puts a letter together are not ours. */
function leaveComposing(event: KeyboardEvent<HTMLElement>): void {
  if (event.nativeEvent.isComposing) event.stopPropagation();
}

export function Palette({ project, pages, opened, close }: PaletteProps) {
  const { say } = useWords();
  const [typed, setTyped] = useState("");
  useEffect(() => (opened ? spotlight.open() : spotlight.close()), [opened]);
  return (
    <Spotlight.Root
      query={typed}
      onQueryChange={setTyped}
      onSpotlightClose={close}
      shortcut={null}
      lockScroll={false}
      scrollable
      maxHeight={420}
      attributes={{ content: { "aria-label": say("palette.open") } }}
    >
      <Spotlight.Search
        placeholder={say("palette.hint")}
        aria-label={say("palette.hint")}
        leftSection={<Icon name="search" />}
        onKeyDownCapture={leaveComposing}
        onKeyDown={takeFirst}
      />
      <Entries project={project} pages={pages} typed={typed} />
      <Spotlight.Footer>{say("palette.hint.prefix")}</Spotlight.Footer>
    </Spotlight.Root>
  );
}

function Entries({ project, pages, typed }: { project: string; pages: PaletteProps["pages"]; typed: string }) {
  const { say } = useWords();
  const navigate = useNavigate();
  const actions = useActions(project);
  const [settled] = useDebouncedValue(typed, PAUSE_MILLISECONDS);
  const asked = askedFor(settled);
  const { data, isFetching, error } = useQuery(searchQuery(project, asked));

  const { text: wanted, scoped } = askedFor(typed);
  const foundPages = scoped ? [] : pages.filter((page) => fits(say(page.name), wanted));
  const foundActions = scoped ? [] : actions.filter(({ name }) => fits(name, wanted));
  const nodes = asked.text && wanted ? (data?.search.edges.map(({ node }) => node) ?? []) : [];
  const busy = isFetching || settled !== typed;
  const nothing = foundPages.length + foundActions.length + nodes.length === 0;
  return (
    <Spotlight.ActionsList>
      {foundPages.length > 0 && (
        <Spotlight.ActionsGroup label={say("palette.pages")}>
          {foundPages.map((page) => (
            <Spotlight.Action key={page.name} label={say(page.name)} leftSection={<Icon name={page.icon} />} onClick={page.go} />
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
              onClick={() => void navigate(placeOf(project, node))}
            />
          ))}
        </Spotlight.ActionsGroup>
      )}
      {foundActions.length > 0 && (
        <Spotlight.ActionsGroup label={say("palette.actions")}>
          {foundActions.map((one) => (
            <Spotlight.Action key={one.id} label={one.name} lang={one.lang} leftSection={<Icon name={one.icon} />} onClick={one.run} />
          ))}
        </Spotlight.ActionsGroup>
      )}
      {nothing && <Spotlight.Empty>{say(error ? "palette.failed" : busy ? "palette.busy" : "palette.nothing", { text: typed })}</Spotlight.Empty>}
      {wanted && !busy && (
        <Spotlight.Action
          label={say("palette.all", { text: wanted })}
          leftSection={<Icon name="search" />}
          onClick={() => void navigate({ to: "/p/$project/search", params: { project }, search: { q: wanted } })}
        />
      )}
    </Spotlight.ActionsList>
  );
}
