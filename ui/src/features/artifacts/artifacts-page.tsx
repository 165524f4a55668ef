/** Artifacts of a project: what was read and written, each with its versions. */
import { useEffect, useState } from "react";
import { NativeSelect, Skeleton, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { infiniteQueryOptions, keepPreviousData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
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
import { ArtifactsDocument } from "@/gql/graphql";
import type { ArtifactsQuery } from "@/gql/graphql";
import { readAnew } from "@/lib/anew";
import { count } from "@/lib/format";
import { ask } from "@/lib/graphql";
import { useArtifactsChanged } from "@/lib/live";
import { pageAfter } from "@/lib/pages";
import { without } from "@/lib/without";
import { useWords } from "@/lib/words";
import { TYPES } from "./artifact-search";
import type { ArtifactsSearch } from "./artifact-search";
import styles from "./artifacts.module.css";

type Artifact = ArtifactsQuery["artifacts"]["edges"][number]["node"];

const PAUSE_MILLISECONDS = 200;

const artifactsQuery = (project: string, { text = "", type }: ArtifactsSearch) =>
  infiniteQueryOptions({
    queryKey: ["artifacts", project, text, type ?? ""],
    queryFn: ({ pageParam, signal }) => {
      const filter = { text, kinds: type ? [type] : [] };
      return ask(ArtifactsDocument, { project, filter, first: 50, after: pageParam }, signal);
    },
    initialPageParam: "",
    getNextPageParam: ({ artifacts }) => pageAfter(artifacts.pageInfo),
    placeholderData: keepPreviousData,
  });

export function ArtifactsPage() {
  const { say, language } = useWords();
  const { project } = useParams({ from: "/p/$project/artifacts" });
  const search = useSearch({ from: "/p/$project/artifacts" });
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery(
    artifactsQuery(project, search),
  );
  const queries = useQueryClient();
  useArtifactsChanged(project, () => readAnew(queries, { queryKey: ["artifacts", project] }));
  const found = data?.pages.flatMap((page) => page.artifacts.edges.map(({ node }) => node));
  const total = data?.pages[0]?.artifacts.totalCount;
  const filtered = search.text !== undefined || search.type !== undefined;

  return (
    <Page title={say("page.artifacts")} about={say("artifacts.what")}>
      <Filters key={project} search={search} />
      {error && !data && <Trouble error={error} retry={() => void refetch()} />}
      {!found && !error && <Skeleton height={320} />}
      {found?.length === 0 && (
        <EmptyState
          kind={filtered ? "filtered" : "none"}
          title={say(filtered ? "artifacts.filtered" : "artifacts.none")}
          why={say(filtered ? "artifacts.filtered.why" : "artifacts.none.why")}
          {...(filtered ? { action: <ClearFilters /> } : { snippet: SNIPPET })}
        />
      )}
      {found && found.length > 0 && (
        <>
          {total !== null && total !== undefined && (
            <p className="faint">{say("artifacts.count", { shown: count(found.length, language), total: count(total, language) })}</p>
          )}
          <ArtifactTable artifacts={found} project={project} />
        </>
      )}
      <More left={hasNextPage} loading={isFetchingNextPage} ask={fetchNextPage} />
    </Page>
  );
}

const SNIPPET = `import lineage_server as lineage

with lineage.start_run("prepare") as run:
    run.produce("flowers", {"petal": [1.4, 4.7]}, type="dataset")`;

function Filters({ search }: { search: ArtifactsSearch }) {
  const { say } = useWords();
  const navigate = useNavigate({ from: "/p/$project/artifacts" });
  const [typed, setTyped] = useState(search.text ?? "");
  const [text] = useDebouncedValue(typed.trim(), PAUSE_MILLISECONDS);
  useEffect(() => {
    void navigate({ search: (told) => ({ ...without(told, "text"), ...(text && { text }) }), replace: true });
  }, [text, navigate]);
  const choose = (type: string): void => {
    void navigate({ search: (told) => ({ ...without(told, "type"), ...(type && { type }) }), replace: true });
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
        label={say("artifacts.type")}
        value={search.type ?? ""}
        onChange={(event) => choose(event.currentTarget.value)}
        data={[{ value: "", label: say("filter.all") }, ...TYPES]}
      />
    </Bar>
  );
}

function ClearFilters() {
  const { say } = useWords();
  const { project } = useParams({ from: "/p/$project/artifacts" });
  return (
    <Link to="/p/$project/artifacts" params={{ project }} reloadDocument>
      {say("filter.clear")}
    </Link>
  );
}

function ArtifactTable({ artifacts, project }: { artifacts: readonly Artifact[]; project: string }) {
  const { say, language } = useWords();
  const columns = [say("artifacts.name"), say("artifacts.type"), say("artifacts.versions"), say("artifacts.latest"), say("tags")];
  return (
    <ListTable label={say("page.artifacts")} columns={columns}>
      {artifacts.map((one) => (
        <tr key={one.uid}>
          <th scope="row">
            <Link to="/p/$project/artifact" params={{ project }} search={{ of: one.uid }} className={styles.name}>
              <Icon name={kindIcon(one.label, one.kind)} size={16} /> <bdi>{one.name}</bdi>
            </Link>
          </th>
          <td>
            <bdi>{one.kind}</bdi>
          </td>
          <td>{count(one.versionCount, language)}</td>
          <td>
            <TimeAgo time={one.latestAt} />
          </td>
          <td>
            <Tags tags={one.tags} />
          </td>
        </tr>
      ))}
    </ListTable>
  );
}
