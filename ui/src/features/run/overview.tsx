/** A run on one page: its facts, parameters, last metrics, steps, and how to do it again. */
import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Card, Cards } from "@/components/card";
import { Facts } from "@/components/facts";
import { KeyTable } from "@/components/key-table";
import { RunLink, RunList } from "@/components/run-list";
import { Snippet } from "@/components/snippet";
import { TimeAgo } from "@/components/time-ago";
import { Trouble } from "@/components/trouble";
import { comparedRuns } from "@/lib/compared";
import { count, duration } from "@/lib/format";
import { useWords } from "@/lib/words";
import type { MessageId } from "@/lib/words";
import { repeatsQuery, surroundingsQuery } from "./run-query";
import type { Run, Surroundings } from "./run-query";

export function Overview({ run, project }: { run: Run; project: string }) {
  const { say } = useWords();
  const { data: around } = useQuery(surroundingsQuery(run.uid));
  const children = run.children.edges.map(({ node }) => node);
  return (
    <Cards>
      <Card title={say("run.about")}>
        <RunFacts run={run} around={around} />
      </Card>
      <Card title={say("run.params")}>
        {run.params.length > 0 ? (
          <KeyTable title={say("run.param")} rows={run.params} />
        ) : (
          <p className="faint">{say("run.params.none")}</p>
        )}
      </Card>
      <Card title={say("run.metrics.last")}>
        {run.metrics.length > 0 ? (
          <KeyTable title={say("run.metric")} rows={run.metrics} />
        ) : (
          <p className="faint">{say(run.endedAt ? "run.metrics.never" : "run.metrics.none")}</p>
        )}
      </Card>
      {children.length > 0 && (
        <Card title={say("run.children")}>
          <RunList runs={children} more={run.children.hasMore} />
        </Card>
      )}
      {around && <Relatives around={around} />}
      <Card title={say("run.again")}>
        <Again run={run} project={project} />
      </Card>
    </Cards>
  );
}

function RunFacts({ run, around }: { run: Run; around: Surroundings | undefined }) {
  const { say, language } = useWords();
  const gpu = run.gpuProduct && say("run.gpus", { count: run.gpuCount ?? 1, product: run.gpuProduct });
  return (
    <Facts
      facts={[
        [say("runs.job"), <bdi key="job">{run.jobName}</bdi>],
        [say("runs.kind"), run.kind && <bdi key="kind">{run.kind}</bdi>],
        [say("run.description"), run.description],
        [say("runs.started"), run.startedAt && <TimeAgo time={run.startedAt} />],
        [say("runs.ended"), run.endedAt && <TimeAgo time={run.endedAt} />],
        [say("runs.duration"), run.durationSeconds !== null && duration(run.durationSeconds, language)],
        [say("run.queued"), run.queuedAt && <TimeAgo time={run.queuedAt} />],
        [say("runs.by"), run.by && <bdi key="by">{run.by}</bdi>],
        [say("run.exit"), run.exitCode !== null && count(run.exitCode, language)],
        [say("run.attempt"), run.attempt !== null && count(run.attempt, language)],
        [say("run.gpu"), gpu],
        [say("run.gpu.time"), run.gpuSeconds !== null && duration(run.gpuSeconds, language)],
        [say("runs.tags"), run.tags.map(({ key, value }) => (value === "" ? key : `${key}=${value}`)).join(", ")],
        [say("run.parent"), around?.parent && <RunLink run={around.parent} />],
        [say("run.retry.of"), around?.retryOf && <RunLink run={around.retryOf} />],
        [say("run.resumed.from"), around?.resumedFrom && <RunLink run={around.resumedFrom} />],
        ["UID", <code key="uid">{run.uid}</code>],
      ]}
    />
  );
}

function Relatives({ around }: { around: Surroundings }) {
  const { say } = useWords();
  const lists = [
    ["run.retries", around.retries],
    ["run.resumed.by", around.resumedBy],
    ["run.boards", around.boards],
    ["run.board.for", around.boardFor],
  ] as const satisfies readonly (readonly [MessageId, Surroundings["retries"]])[];
  return lists.map(
    ([title, { edges, hasMore }]) =>
      edges.length > 0 && (
        <Card key={title} title={say(title)}>
          <RunList runs={edges.map(({ node }) => node)} more={hasMore} />
        </Card>
      ),
  );
}

/** Whether it was done again, and how one would. */
function Again({ run, project }: { run: Run; project: string }) {
  const { say } = useWords();
  const { data, error, refetch } = useQuery(repeatsQuery(run.uid, project));
  if (error && !data) return <Trouble error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton height={120} />;
  const lacking = ({ lack, names, count: unseen }: (typeof data.fingerprint.missing)[number]): string =>
    say(`run.lack.${lack.toLowerCase()}` as MessageId, { names: names.join(", "), count: unseen });
  const others = data.repeats.map(({ run: other }) => other.uid);
  return (
    <>
      <p className="faint">{say("run.again.how")}</p>
      <Snippet text={`lineage reproduce ${run.uid}`} />
      {!data.fingerprint.complete && (
        <p className="faint">
          {say("run.again.missing")} <bdi>{data.fingerprint.missing.map(lacking).join("; ")}</bdi>
        </p>
      )}
      {data.repeats.length === 0 ? (
        <p className="faint">{say("run.repeats.none")}</p>
      ) : (
        <>
          <p>{say("run.repeats", { count: data.repeats.length, differing: data.differing })}</p>
          <RunList runs={data.repeats.map(({ run: other }) => other)} />
          <p>
            <Link
              to="/p/$project/compare"
              params={{ project }}
              search={{ runs: comparedRuns([run.uid, ...others]) }}
            >
              {say("run.repeats.compare")}
            </Link>
          </p>
        </>
      )}
      {data.isPartial && data.fingerprint.complete && <p className="faint">{say("run.repeats.partial")}</p>}
    </>
  );
}
