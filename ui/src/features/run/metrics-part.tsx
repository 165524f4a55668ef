/** Metrics of a run. */
import { EmptyState } from "@/components/empty-state";
import { KeyTable } from "@/components/key-table";
import { useWords } from "@/lib/words";
import type { Run } from "./run-query";

export function MetricsPart({ run }: { run: Run }) {
  const { say } = useWords();
  if (run.metrics.length === 0) {
    return (
      <EmptyState
        kind="none"
        title={say("run.metrics.none")}
        why={say("run.metrics.none.why")}
        snippet={'run.log({"loss": 0.25}, step=1)'}
      />
    );
  }
  return <KeyTable title={say("run.metric")} rows={run.metrics} />;
}
