/** Runs of a project, the newest first. */
import { Button, Skeleton } from "@mantine/core";
import { infiniteQueryOptions, useInfiniteQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { EmptyState } from "@/components/empty-state";
import { StateBadge } from "@/components/state-badge";
import { TimeAgo } from "@/components/time-ago";
import { Trouble } from "@/components/trouble";
import { RunsDocument } from "@/gql/graphql";
import type { RunsQuery } from "@/gql/graphql";
import { duration } from "@/lib/format";
import { ask } from "@/lib/graphql";
import { useLiveRuns } from "@/lib/live";
import { useWords } from "@/lib/words";
import styles from "./runs-page.module.css";

type Run = RunsQuery["runs"]["edges"][number]["node"];

const runsKey = (project: string) => ["runs", project] as const;

const runsQuery = (project: string) =>
  infiniteQueryOptions({
    queryKey: runsKey(project),
    queryFn: ({ pageParam, signal }) => ask(RunsDocument, { project, first: 50, after: pageParam }, signal),
    initialPageParam: "",
    getNextPageParam: ({ runs }) => (runs.pageInfo.hasNextPage ? runs.pageInfo.endCursor : null),
  });

export function RunsPage() {
  const { say } = useWords();
  const { project } = useParams({ from: "/p/$project/runs" });
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery(runsQuery(project));
  useLiveRuns(project, runsKey(project));

  if (error && !data) return <Trouble error={error} retry={() => void refetch()} />;
  const runs = data?.pages.flatMap((page) => page.runs.edges.map(({ node }) => node));
  return (
    <div className={styles.page}>
      <h1>{say("page.runs")}</h1>
      {!runs && <Skeleton height={320} />}
      {runs?.length === 0 && (
        <EmptyState kind="none" title={say("runs.none")} why={say("runs.none.why")} snippet="lineage demo" />
      )}
      {runs && runs.length > 0 && <RunTable runs={runs} project={project} />}
      {hasNextPage && (
        <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {say("action.more")}
        </Button>
      )}
    </div>
  );
}

function RunTable({ runs, project }: { runs: readonly Run[]; project: string }) {
  const { say, language } = useWords();
  return (
    <section className={styles.frame} tabIndex={0} aria-label={say("page.runs")}>
      <table>
        <thead>
          <tr>
            <th scope="col">{say("runs.name")}</th>
            <th scope="col">{say("runs.state")}</th>
            <th scope="col">{say("runs.job")}</th>
            <th scope="col">{say("runs.started")}</th>
            <th scope="col">{say("runs.duration")}</th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <tr key={run.uid}>
              <th scope="row">
                <Link to="/p/$project/lineage" params={{ project }} search={{ focus: run.uid }}>
                  <bdi>{run.name || run.jobName || run.uid}</bdi>
                </Link>
              </th>
              <td>
                <StateBadge state={run.state ?? ""} />
              </td>
              <td>
                <bdi>{run.jobName}</bdi>
              </td>
              <td>
                <TimeAgo time={run.startedAt} />
              </td>
              <td>{run.durationSeconds !== null && duration(run.durationSeconds, language)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
