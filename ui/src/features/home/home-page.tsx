/** Where one begins: what ran lately, what failed, and, as long as there is nothing, how to begin. */
import { Link } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { Skeleton } from "@mantine/core";
import { StateBadge } from "@/components/state-badge";
import { TimeAgo } from "@/components/time-ago";
import { Trouble } from "@/components/trouble";
import { duration } from "@/lib/format";
import { useLiveRuns } from "@/lib/live";
import { useWords } from "@/lib/words";
import { Card } from "./card";
import { FirstSteps } from "./first-steps";
import { HealthStrip } from "./health-strip";
import { homeKey, homeQuery } from "./home-query";
import type { FailedRun, RecentRun } from "./home-query";
import { QuickActions } from "./quick-actions";
import { TodayCards } from "./today-card";
import styles from "./home-page.module.css";

export function HomePage({ project }: { project: string }) {
  const { say } = useWords();
  const { data, error, refetch } = useQuery(homeQuery(project));
  useLiveRuns(project, homeKey(project));

  if (error && !data) return <Trouble alone error={error} retry={() => void refetch()} />;
  const recent = data?.recent.edges.map(({ node }) => node);
  const newest = data?.newest.edges[0]?.node.uid;
  // Where nobody signs in there is one person, whose the runs of all are.
  const own = data !== undefined && data.me.kind !== "local";
  const failed = data?.failed.edges.map(({ node }) => node);
  return (
    <div className={styles.page}>
      <h1>
        <bdi>{project}</bdi>
      </h1>
      <HealthStrip project={project} />
      {data && newest === undefined ? (
        <FirstSteps project={project} signedIn={own} />
      ) : (
        <div className={styles.cards}>
          <Card title={say(own ? "home.mine" : "home.recent")} more={own || data?.recent.hasMore ? project : undefined}>
            {recent?.length === 0 ? <p className={styles.calm}>{say("home.mine.none")}</p> : <RunList runs={recent} project={project} />}
          </Card>
          <Card title={say("home.failed")}>
            {failed?.length === 0 ? (
              <p className={styles.calm}>{say("home.failed.none")}</p>
            ) : (
              <RunList runs={failed} project={project} />
            )}
            {data?.failed.hasMore && <p className="faint">{say("home.failed.more")}</p>}
          </Card>
          <TodayCards project={project} />
          <QuickActions project={project} newest={recent?.[0]?.uid ?? newest} />
        </div>
      )}
    </div>
  );
}

function RunList({ runs, project }: { runs: readonly (RecentRun | FailedRun)[] | undefined; project: string }) {
  if (!runs) return <Skeleton height={220} />;
  return (
    <ul className={styles.runs}>
      {runs.map((run) => (
        <RunItem key={run.uid} run={run} project={project} />
      ))}
    </ul>
  );
}

function RunItem({ run, project }: { run: RecentRun | FailedRun; project: string }) {
  const { language } = useWords();
  return (
    <li>
      <Link to="/p/$project/runs/$uid" params={{ project, uid: run.uid }} className={styles.name}>
        <bdi>{run.name || run.jobName}</bdi>
      </Link>
      <StateBadge state={run.state ?? ""} />
      <span className={styles.when}>
        <TimeAgo time={run.startedAt} />
        {"durationSeconds" in run && run.durationSeconds !== null && (
          <span> · {duration(run.durationSeconds, language)}</span>
        )}
      </span>
      {"reason" in run && run.reason && <bdi className={styles.reason}>{run.reason}</bdi>}
    </li>
  );
}
