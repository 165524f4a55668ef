/** One run: what it was, what it read and wrote, where and with which code; a part at a time. */
import type { ComponentType } from "react";
import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams, useSearch } from "@tanstack/react-router";
import { intoSight } from "@/components/into-sight";
import { StateBadge } from "@/components/state-badge";
import { TimeAgo } from "@/components/time-ago";
import { Trouble } from "@/components/trouble";
import { duration } from "@/lib/format";
import { useLasting } from "@/lib/lasting";
import { useOwnProject } from "@/lib/own-project";
import type { SceneSlotProps } from "@/lib/scene-look";
import { useWords } from "@/lib/words";
import type { MessageId } from "@/lib/words";
import { CodePart } from "./code-part";
import { DataPart } from "./data-part";
import { EnvironmentPart } from "./environment-part";
import { FilesPart } from "./files-part";
import { LogsPart } from "./logs-part";
import { MetricsPart } from "./metrics-part";
import { Overview } from "./overview";
import { runQuery, useLiveRun } from "./run-query";
import type { Run } from "./run-query";
import { TABS } from "./run-search";
import type { RunTab } from "./run-search";
import { StepsPart } from "./steps-part";
import styles from "./run-page.module.css";

export interface RunPageProps {
  /** draws the steps of a run */
  steps: ComponentType<SceneSlotProps>;
}

export function RunPage({ steps }: RunPageProps) {
  const { project, uid } = useParams({ from: "/p/$project/runs/$uid" });
  return <OneRun key={uid} project={project} uid={uid.startsWith("run:") ? uid : `run:${uid}`} steps={steps} />;
}

function OneRun({ project, uid, steps }: { project: string; uid: string } & RunPageProps) {
  const { say, language } = useWords();
  const { tab = "overview" } = useSearch({ from: "/p/$project/runs/$uid" });
  const { data: run, error, refetch } = useQuery(runQuery(uid));
  const { trouble, forget } = useLasting(uid, error, run);
  useLiveRun(uid);
  useOwnProject(run?.project);
  if (trouble) {
    return (
      <div className={styles.page}>
        <h1>{say("run.page")}</h1>
        <Trouble error={trouble} retry={() => (forget(), void refetch())} />
      </div>
    );
  }
  if (!run) return <Skeleton height="100%" radius={0} />;
  const name = run.name || run.jobName || run.uid;
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <Link to="/p/$project/runs" params={{ project }} className={styles.back}>
          {say("page.runs")}
        </Link>
        <h1>
          <bdi>{name}</bdi>
        </h1>
        <output>
          <StateBadge state={run.state ?? (run.stub ? "stub" : "")} />
        </output>
        <span className="faint">
          <TimeAgo time={run.startedAt} />
          {run.durationSeconds !== null && ` · ${duration(run.durationSeconds, language)}`}
        </span>
        <Link to="/p/$project/lineage" params={{ project }} search={{ focus: run.uid }} className={styles.lineage}>
          {say("run.lineage")}
        </Link>
      </header>
      {run.deletedAt !== null && <p className={styles.note}>{say("run.deleted")}</p>}
      {run.reason && (
        <p className={styles.note} data-bad={run.state === "FAILED" || undefined}>
          <bdi>{run.reason}</bdi>
        </p>
      )}
      <RunTabs tab={tab} run={run} project={project} />
      <Part tab={tab} run={run} project={project} steps={steps} />
    </div>
  );
}

function RunTabs({ tab, run, project }: { tab: RunTab; run: Run; project: string }) {
  const { say } = useWords();
  return (
    <nav aria-label={say("run.parts")}>
      <ul className={styles.tabs}>
        {TABS.filter((one) => one !== "steps" || one === tab || run.children.edges.length > 0).map((one) => (
          <li key={one}>
            <Link
              to="/p/$project/runs/$uid"
              params={{ project, uid: run.uid }}
              search={one === "overview" ? {} : { tab: one }}
              activeOptions={{ exact: true, includeSearch: true }}
              ref={one === tab ? intoSight : undefined}
              aria-current={one === tab ? "page" : undefined}
            >
              {say(`run.part.${one}` as MessageId)}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Part({ tab, run, project, steps }: { tab: RunTab; run: Run; project: string } & RunPageProps) {
  if (tab === "steps") return <StepsPart run={run} project={project} steps={steps} />;
  if (tab === "metrics") return <MetricsPart run={run} />;
  if (tab === "data") return <DataPart run={run} project={project} />;
  if (tab === "environment") return <EnvironmentPart uid={run.uid} />;
  if (tab === "code") return <CodePart uid={run.uid} />;
  if (tab === "files") return <FilesPart run={run} />;
  if (tab === "logs") return <LogsPart run={run} />;
  return <Overview run={run} project={project} />;
}
