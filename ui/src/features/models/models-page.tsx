/** Registered models of a project, and what waits for somebody's verdict. */
import { useEffect, useState } from "react";
import { Button, Skeleton, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { infiniteQueryOptions, keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { ListTable } from "@/components/list-table";
import { EmptyState } from "@/components/empty-state";
import { Icon } from "@/components/icon";
import { More } from "@/components/more";
import { Bar, Page, Section } from "@/components/page";
import { StateBadge } from "@/components/state-badge";
import { Mark, Tags } from "@/components/tags";
import { TimeAgo } from "@/components/time-ago";
import { Trouble } from "@/components/trouble";
import { ModelsPageDocument } from "@/gql/graphql";
import type { ModelsPageQuery } from "@/gql/graphql";
import { count } from "@/lib/format";
import { ask } from "@/lib/graphql";
import { pageAfter } from "@/lib/pages";
import { without } from "@/lib/without";
import { useWords } from "@/lib/words";
import { nameOf, useLiveModels, versionOf } from "./model-query";
import { RegisterForm } from "./register-form";
import styles from "./models.module.css";

type Listed = ModelsPageQuery["models"]["edges"][number]["node"];
type Waiting = ModelsPageQuery["approvals"]["edges"][number]["node"];

const PAUSE_MILLISECONDS = 200;
const SNIPPET = `import lineage_server as lineage

lineage.register("churn", "model:classifier@1", aliases="staging")`;

const modelsQuery = (project: string, text: string) =>
  infiniteQueryOptions({
    queryKey: ["models", project, text],
    queryFn: ({ pageParam, signal }) => ask(ModelsPageDocument, { project, filter: { text }, after: pageParam }, signal),
    initialPageParam: "",
    getNextPageParam: ({ models }) => pageAfter(models.pageInfo),
    placeholderData: keepPreviousData,
  });

export function ModelsPage() {
  const { say, language } = useWords();
  const { project } = useParams({ from: "/p/$project/models" });
  const { text = "", register, form } = useSearch({ from: "/p/$project/models" });
  const navigate = useNavigate({ from: "/p/$project/models" });
  const opened = register !== undefined || form === true;
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery(modelsQuery(project, text));
  useLiveModels(project);
  const models = data?.pages.flatMap((page) => page.models.edges.map(({ node }) => node));
  const waiting = data?.pages[0]?.approvals.edges.map(({ node }) => node) ?? [];
  const total = data?.pages[0]?.models.totalCount;
  const open = (): void => {
    void navigate({ search: (told) => ({ ...told, form: true }), replace: true });
  };
  const close = (): void => {
    void navigate({ search: (told) => without(told, "register", "form"), replace: true });
  };
  const action = <Button onClick={open}>{say("models.register")}</Button>;

  return (
    <Page title={say("page.models")} about={say("models.what")} actions={action}>
      <Filter key={project} text={text} />
      {error && !data && <Trouble error={error} retry={() => void refetch()} />}
      {!models && !error && <Skeleton height={240} />}
      {waiting.length > 0 && <Pending waiting={waiting} project={project} />}
      {models?.length === 0 && (
        <EmptyState
          kind={text ? "filtered" : "none"}
          title={say(text ? "models.filtered" : "models.none")}
          why={say(text ? "models.filtered.why" : "models.none.why")}
          {...(!text && { snippet: SNIPPET })}
        />
      )}
      {models && models.length > 0 && (
        <>
          <p className="faint">{say("artifacts.count", { shown: count(models.length, language), total: count(total ?? models.length, language) })}</p>
          <ModelTable models={models} project={project} />
        </>
      )}
      <More left={hasNextPage} loading={isFetchingNextPage} ask={fetchNextPage} />
      {opened && <RegisterForm project={project} from={register ?? ""} close={close} />}
    </Page>
  );
}

function Filter({ text }: { text: string }) {
  const { say } = useWords();
  const navigate = useNavigate({ from: "/p/$project/models" });
  const [typed, setTyped] = useState(text);
  const [wanted] = useDebouncedValue(typed.trim(), PAUSE_MILLISECONDS);
  useEffect(() => {
    void navigate({ search: (told) => ({ ...without(told, "text"), ...(wanted && { text: wanted }) }), replace: true });
  }, [wanted, navigate]);
  return (
    <Bar>
      <TextInput
        label={say("filter.text")}
        leftSection={<Icon name="search" size={16} />}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
    </Bar>
  );
}

function Pending({ waiting, project }: { waiting: readonly Waiting[]; project: string }) {
  const { say } = useWords();
  return (
    <Section title={say("models.waiting")}>
      <ul className={styles.list}>
        {waiting.map((one) => (
          <li key={one.uid}>
            <Link to="/p/$project/model" params={{ project }} search={{ of: one.model, view: "approvals" }}>
              <bdi>{`${one.model.slice(one.model.indexOf("/") + 1)}@${versionOf(one.version)}`}</bdi>
            </Link>
            {one.alias && <Mark>{one.alias}</Mark>}
            <bdi className="faint">{nameOf(one.asker)}</bdi>
            <span className="faint">
              <TimeAgo time={one.requestedAt} />
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function ModelTable({ models, project }: { models: readonly Listed[]; project: string }) {
  const { say } = useWords();
  const columns = [say("artifacts.name"), say("models.newest"), say("models.aliases"), say("models.owner"), say("models.changed"), say("tags")];
  return (
    <ListTable label={say("page.models")} columns={columns}>
      {models.map((one) => (
        <tr key={one.uid}>
          <th scope="row">
            <Link to="/p/$project/model" params={{ project }} search={{ of: one.uid }}>
              <bdi>{one.title || one.name}</bdi>
            </Link>{" "}
            {one.title && <bdi className="faint">{one.name}</bdi>} <StateBadge state={one.state === "archived" ? one.state : ""} />
          </th>
          <td>{one.newest}</td>
          <td>
            <div className={styles.marks}>
              {one.aliases.filter(({ version }) => version).map(({ name, version }) => (
                <Mark key={name}>{`${name} → ${version}`}</Mark>
              ))}
            </div>
          </td>
          <td>
            <bdi>{one.owner}</bdi>
          </td>
          <td>
            <TimeAgo time={one.updatedAt ?? one.createdAt} />
          </td>
          <td>
            <Tags tags={one.tags} />
          </td>
        </tr>
      ))}
    </ListTable>
  );
}
