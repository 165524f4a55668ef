/** The steps of a run as rows, each with the time that it took of the time of all. */
import type { CSSProperties } from "react";
import { RunLink } from "@/components/run-list";
import type { ListedRun } from "@/components/run-list";
import { ListTable } from "@/components/list-table";
import { StateBadge, toneOf } from "@/components/state-badge";
import { duration, moment } from "@/lib/format";
import { useNow } from "@/lib/now";
import { useWords } from "@/lib/words";
import { timelineOf } from "./spans";
import type { Span, Timed } from "./spans";
import styles from "./timeline.module.css";

export interface TimelineProps {
  steps: readonly (ListedRun & Timed)[];
  /** there are more than these */
  more: boolean;
}

export function Timeline({ steps, more }: TimelineProps) {
  const { say, language } = useWords();
  const now = useNow(steps.some(({ state }) => state === "RUNNING"));
  const { steps: sorted, spans, seconds } = timelineOf(steps, now);
  const columns = [say("run.step"), say("runs.state"), say("run.step.after"), say("runs.duration"), say("run.step.of", { time: duration(seconds, language) })];
  return (
    <>
      <ListTable label={say("run.children")} columns={columns}>
        {sorted.map((step) => (
          <Row key={step.uid} step={step} span={spans.get(step.uid)} />
        ))}
      </ListTable>
      {more && <p className="faint">{say("run.list.more", { count: steps.length })}</p>}
    </>
  );
}

function Row({ step, span }: { step: ListedRun & Timed; span: Span | undefined }) {
  const { say, language } = useWords();
  return (
    <tr>
      <th scope="row" className={styles.step} title={step.name}>
        <RunLink run={step} />
      </th>
      <td className={styles.fact}>
        <StateBadge state={step.state ?? ""} />
      </td>
      <td className={styles.fact} {...(step.startedAt && { "data-value": "", title: moment(step.startedAt, language) })}>
        {span ? duration(span.after, language) : say("run.step.waits")}
      </td>
      <td className={styles.fact}>{span?.took !== undefined && duration(span.took, language)}</td>
      <td className={styles.time}>
        {span && (
          <div
            className={styles.bar}
            data-tone={toneOf(step.state ?? "")}
            style={{ "--begin": `${span.begin * 100}%`, "--long": `${(span.end - span.begin) * 100}%` } as CSSProperties}
          />
        )}
      </td>
    </tr>
  );
}
