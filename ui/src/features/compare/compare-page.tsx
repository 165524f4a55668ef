/** Two to 200 runs side by side: what differs, and their metrics in pictures. */
import { useCallback, useMemo } from "react";
import { Button, SegmentedControl, Skeleton } from "@mantine/core";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { EmptyState } from "@/components/empty-state";
import { Trouble } from "@/components/trouble";
import { useLiveRuns } from "@/lib/live";
import { useWords } from "@/lib/words";
import { compareKey, compareQuery } from "./compare-query";
import { runsIn } from "./compare-search";
import type { CompareSearch } from "./compare-search";
import { CompareTable } from "./compare-table";
import styles from "./compare-page.module.css";

export function ComparePage() {
  const { say } = useWords();
  const { project } = useParams({ from: "/p/$project/compare" });
  const search = useSearch({ from: "/p/$project/compare" });
  const runs = useMemo(() => runsIn(search.runs), [search.runs]);
  if (runs.length < 2) {
    return (
      <div className={styles.page}>
        <h1>{say("compare.title", { count: runs.length })}</h1>
        <EmptyState
          kind="none"
          title={say("compare.none")}
          why={say("compare.none.why")}
          action={
            <Link to="/p/$project/runs" params={{ project }}>
              {say("page.runs")}
            </Link>
          }
        />
      </div>
    );
  }
  return <Comparison project={project} runs={runs} search={search} />;
}

function Comparison({ project, runs, search }: { project: string; runs: readonly string[]; search: CompareSearch }) {
  const { say } = useWords();
  const navigate = useNavigate({ from: "/p/$project/compare" });
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetching } = useInfiniteQuery({
    ...compareQuery(project, runs, search.all === true),
    placeholderData: keepPreviousData,
  });
  useLiveRuns(project, compareKey(project));
  const more = useCallback((): void => void (isFetching || fetchNextPage()), [isFetching, fetchNextPage]);
  const rows = useMemo(() => data?.pages.flatMap((page) => page.compareRuns.rows.edges.map(({ node }) => node)), [data]);
  const told = data?.pages[0]?.compareRuns;

  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <h1>{say("compare.title", { count: runs.length })}</h1>
        <output className="faint">
          {told && say("compare.count", { differing: told.differing, same: told.same })}
          {told?.isPartial && ` ${say("compare.partial")}`}
        </output>
        <SegmentedControl
          size="xs"
          aria-label={say("compare.rows")}
          value={search.all ? "all" : "differing"}
          onChange={(value) => void navigate({ search: asked(search, value === "all"), replace: true })}
          data={[
            { value: "differing", label: say("compare.differing") },
            { value: "all", label: say("compare.all") },
          ]}
        />
      </header>
      {error && !rows && <Trouble error={error} retry={() => void refetch()} />}
      {!error && !rows && <Skeleton height="100%" />}
      {rows?.length === 0 && (
        <EmptyState
          kind={search.all ? "none" : "filtered"}
          title={say("compare.same")}
          why={say("compare.same.why")}
          action={
            !search.all && (
              <Button onClick={() => void navigate({ search: asked(search, true), replace: true })}>{say("compare.all")}</Button>
            )
          }
        />
      )}
      {told && rows && rows.length > 0 && (
        <CompareTable project={project} runs={told.runs} rows={rows} more={hasNextPage ? more : undefined} />
      )}
    </div>
  );
}

function asked({ all: _all, ...rest }: CompareSearch, all: boolean): CompareSearch {
  return all ? { ...rest, all } : rest;
}
