/** Everything that fits some words, page by page. */
import { useEffect, useState } from "react";
import { Checkbox, NativeSelect, Skeleton, TextInput } from "@mantine/core";
import "@mantine/core/styles/Checkbox.css";
import { useDebouncedValue } from "@mantine/hooks";
import { infiniteQueryOptions, keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { ListTable } from "@/components/list-table";
import { EmptyState } from "@/components/empty-state";
import { Icon } from "@/components/icon";
import { kindIcon } from "@/components/kinds";
import { More } from "@/components/more";
import { Bar, Page } from "@/components/page";
import { Tags } from "@/components/tags";
import { TimeAgo } from "@/components/time-ago";
import { Trouble } from "@/components/trouble";
import { SearchDocument } from "@/gql/graphql";
import type { SearchQuery } from "@/gql/graphql";
import { ask } from "@/lib/graphql";
import { pageAfter } from "@/lib/pages";
import { placeOf } from "@/lib/place-of";
import { without } from "@/lib/without";
import { useWords } from "@/lib/words";
import type { MessageId } from "@/lib/words";
import { SEARCHED } from "./search-search";
import type { SearchSearch } from "./search-search";

type Found = SearchQuery["search"]["edges"][number]["node"];

const PAUSE_MILLISECONDS = 200;

const foundQuery = (project: string, { q = "", label, everywhere }: SearchSearch) =>
  infiniteQueryOptions({
    queryKey: ["found", project, q, label ?? "", everywhere ?? false],
    queryFn: ({ pageParam, signal }) => {
      const labels = label ? [label] : [...SEARCHED];
      return ask(SearchDocument, { text: q, project: everywhere ? null : project, labels, first: 50, after: pageParam }, signal);
    },
    initialPageParam: "",
    getNextPageParam: ({ search: { pageInfo } }) => pageAfter(pageInfo),
    enabled: q !== "",
    placeholderData: keepPreviousData,
  });

export function SearchPage() {
  const { say } = useWords();
  const { project } = useParams({ from: "/p/$project/search" });
  const search = useSearch({ from: "/p/$project/search" });
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery(foundQuery(project, search));
  const found = search.q ? data?.pages.flatMap((page) => page.search.edges.map(({ node }) => node)) : undefined;
  return (
    <Page title={say("page.search")} about={say("search.what")}>
      <Question key={project} search={search} />
      {error && !data && <Trouble error={error} retry={() => void refetch()} />}
      {!found && !error && search.q && <Skeleton height={240} />}
      {found?.length === 0 && <EmptyState kind="filtered" title={say("palette.nothing", { text: search.q ?? "" })} why={say("search.none.why")} />}
      {found && found.length > 0 && <FoundTable found={found} project={project} everywhere={search.everywhere === true} />}
      <More left={hasNextPage} loading={isFetchingNextPage} ask={fetchNextPage} />
    </Page>
  );
}

function Question({ search }: { search: SearchSearch }) {
  const { say } = useWords();
  const navigate = useNavigate({ from: "/p/$project/search" });
  const [typed, setTyped] = useState(search.q ?? "");
  const [q] = useDebouncedValue(typed.trim(), PAUSE_MILLISECONDS);
  useEffect(() => {
    void navigate({ search: (told) => ({ ...without(told, "q"), ...(q && { q }) }), replace: true });
  }, [q, navigate]);
  const choose = (value: string): void => {
    const label = SEARCHED.find((one) => one === value);
    void navigate({ search: (told) => ({ ...without(told, "label"), ...(label && { label }) }), replace: true });
  };
  const widen = (everywhere: boolean): void => {
    void navigate({ search: (told) => ({ ...without(told, "everywhere"), ...(everywhere && { everywhere }) }), replace: true });
  };
  return (
    <Bar>
      <TextInput
        label={say("filter.text")}
        leftSection={<Icon name="search" size={16} />}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      <NativeSelect
        label={say("lineage.kind")}
        value={search.label ?? ""}
        onChange={(event) => choose(event.currentTarget.value)}
        data={[{ value: "", label: say("filter.all") }, ...SEARCHED.map((one) => ({ value: one, label: say(`label.${one}`) }))]}
      />
      <Checkbox
        label={say("search.everywhere")}
        checked={search.everywhere === true}
        onChange={(event) => widen(event.currentTarget.checked)}
      />
    </Bar>
  );
}

function FoundTable({ found, project, everywhere }: { found: readonly Found[]; project: string; everywhere: boolean }) {
  const { say } = useWords();
  const columns = [say("artifacts.name"), say("lineage.kind"), ...(everywhere ? [say("search.project")] : []), say("models.changed"), say("tags")];
  return (
    <ListTable label={say("page.search")} columns={columns}>
      {found.map((node) => (
        <tr key={node.uid}>
          <th scope="row">
            <Icon name={kindIcon(node.label, node.kind)} size={16} />{" "}
            <Link {...placeOf(node.project || project, node)}>
              <bdi>{node.name}</bdi>
            </Link>
          </th>
          <td>
            {say(`label.${node.label}` as MessageId)} {node.kind && <bdi className="faint">{node.kind}</bdi>}
          </td>
          {everywhere && (
            <td>
              <bdi>{node.project}</bdi>
            </td>
          )}
          <td>
            <TimeAgo time={node.updatedAt ?? node.createdAt} />
          </td>
          <td>
            <Tags tags={node.tags} />
          </td>
        </tr>
      ))}
    </ListTable>
  );
}
