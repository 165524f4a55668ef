/** Runs as a short list, each a link to its page. */
import { Link } from "@tanstack/react-router";
import { useWords } from "@/lib/words";
import { StateBadge } from "./state-badge";
import { TimeAgo } from "./time-ago";
import styles from "./run-list.module.css";

export interface ListedRun {
  uid: string;
  name: string;
  project: string;
  state: string | null;
  startedAt: string | null;
}

export function RunList({ runs, more }: { runs: readonly ListedRun[]; more?: boolean }) {
  const { say } = useWords();
  return (
    <>
      <ul className={styles.runs}>
        {runs.map((run) => (
          <li key={run.uid}>
            <RunLink run={run} />
            <StateBadge state={run.state ?? ""} />
            <span className="faint">
              <TimeAgo time={run.startedAt} />
            </span>
          </li>
        ))}
      </ul>
      {more && <p className="faint">{say("run.list.more", { count: runs.length })}</p>}
    </>
  );
}

export function RunLink({ run }: { run: Pick<ListedRun, "uid" | "name" | "project"> }) {
  return (
    <Link to="/p/$project/runs/$uid" params={{ project: run.project, uid: run.uid }}>
      <bdi>{run.name || run.uid}</bdi>
    </Link>
  );
}
