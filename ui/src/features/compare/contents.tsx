/** What is inside the inputs and outputs that differ between two of the compared runs. */
import { useEffect, useMemo } from "react";
import { NativeSelect, Skeleton } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { ContentDiff } from "@/components/content-diff/content-diff";
import { EmptyState } from "@/components/empty-state";
import { Trouble } from "@/components/trouble";
import { useWords } from "@/lib/words";
import type { MessageId } from "@/lib/words";
import { useRunNames } from "./columns";
import { compareQuery } from "./compare-query";
import type { ComparedRun } from "./compare-query";
import type { CompareSearch } from "./compare-search";
import { chosenPair, versionRows } from "./content-rows";
import type { VersionChoice } from "./content-rows";
import { useVersionNames } from "./version-names";
import styles from "./charts.module.css";

const NO_RUNS: readonly ComparedRun[] = [];
const NO_UIDS: readonly string[] = [];

export interface ContentsProps {
  project: string;
  uids: readonly string[];
  search: CompareSearch;
  change: (next: CompareSearch) => void;
}

export function Contents({ project, uids, search, change }: ContentsProps) {
  const { say } = useWords();
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetching } = useInfiniteQuery(compareQuery(project, uids, false));
  // Inputs and outputs come after all parameters and metrics.
  useEffect(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
  const rows = useMemo(() => versionRows(data?.pages.flatMap((page) => page.compareRuns.rows.edges.map(({ node }) => node)) ?? []), [data]);
  const runs = data?.pages[0]?.compareRuns.runs ?? NO_RUNS;
  const runName = useRunNames(runs);
  const row = rows.find(({ key }) => key === search.what) ?? rows[0];
  const versionName = useVersionNames(project, row ? row.choices.map(({ uid }) => uid) : NO_UIDS);
  const nameOf = ({ uid, runs: places }: VersionChoice): string => named(versionName(uid), places.flatMap((at) => (runs[at] ? [runName(runs[at].uid)] : [])));
  if (error && !data) return <Trouble error={error} retry={() => void refetch()} />;
  if (!data || hasNextPage) return <Skeleton height={320} />;
  if (!row) return <EmptyState kind="none" title={say("content.nothing")} why={say("content.nothing.why")} />;
  const { a, b } = chosenPair(row, search);
  const choices = (chosen: VersionChoice) => row.choices.map((one) => ({ value: one.uid, label: nameOf(one), disabled: one === chosen }));
  return (
    <div className={styles.all}>
      <div className={styles.bar}>
        <NativeSelect
          size="xs"
          label={say("content.what")}
          value={row.key}
          onChange={(event) => change({ ...search, what: event.currentTarget.value, a: "", b: "" })}
          data={rows.map(({ key, part, name }) => ({ value: key, label: say("content.part", { part: say(`compare.part.${part}` as MessageId), name }) }))}
        />
        <NativeSelect size="xs" label={say("compare.before")} value={a.uid} onChange={(event) => change({ ...search, a: event.currentTarget.value, b: b.uid })} data={choices(b)} />
        <NativeSelect size="xs" label={say("compare.after")} value={b.uid} onChange={(event) => change({ ...search, a: a.uid, b: event.currentTarget.value })} data={choices(a)} />
      </div>
      <ContentDiff key={`${a.uid} ${b.uid}`} before={{ uid: a.uid, name: nameOf(a) }} after={{ uid: b.uid, name: nameOf(b) }} />
    </div>
  );
}

/** A version by its name and the runs that have it. */
function named(version: string, runs: readonly string[]): string {
  return `${version} · ${runs.slice(0, 3).join(", ")}${runs.length > 3 ? " …" : ""}`;
}
