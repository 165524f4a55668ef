/** Two to 200 runs side by side: what differs, and their metrics in pictures. */
import { useCallback, useMemo } from "react";
import { Button, SegmentedControl, Skeleton } from "@mantine/core";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { EmptyState } from "@/components/empty-state";
import { intoSight } from "@/components/into-sight";
import { later } from "@/components/later";
import { Trouble } from "@/components/trouble";
import { MOST_COMPARED, comparedRuns } from "@/lib/compared";
import { useLiveRuns } from "@/lib/live";
import { useWords } from "@/lib/words";
import type { MessageId } from "@/lib/words";
import { Charts } from "./charts";
import { compareKey, compareQuery } from "./compare-query";
import { FORMS, compareSearch, runsIn } from "./compare-search";
import type { CompareForm, CompareSearch } from "./compare-search";
import { CompareTable } from "./compare-table";
import styles from "./compare-page.module.css";

const Contents = later(() => import("./contents").then(({ Contents: it }) => it), () => <Skeleton height={320} />);

export function ComparePage() {
  const { say } = useWords();
  const { project } = useParams({ from: "/p/$project/compare" });
  const search = useSearch({ from: "/p/$project/compare" });
  const navigate = useNavigate({ from: "/p/$project/compare" });
  const runs = useMemo(() => runsIn(search.runs), [search.runs]);
  const change = useCallback(
    (next: CompareSearch): void => void navigate({ search: compareSearch({ ...next }), replace: true }),
    [navigate],
  );
  const can = runs.length >= 2 && runs.length <= MOST_COMPARED;
  useLiveRuns(project, compareKey(project));
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <h1>{say("compare.title", { count: runs.length })}</h1>
        {can && <FormSwitch search={search} change={change} />}
      </header>
      {runs.length < 2 && <Nothing project={project} />}
      {runs.length > MOST_COMPARED && <TooMany runs={runs} change={(first) => change({ ...search, runs: first })} />}
      {can && search.tab === undefined && <Differences project={project} runs={runs} search={search} change={change} />}
      {can && search.tab === "contents" && <Contents project={project} uids={runs} search={search} change={change} />}
      {can && search.tab !== undefined && search.tab !== "contents" && (
        <Charts project={project} uids={runs} search={search} change={change} />
      )}
    </div>
  );
}

interface FormProps {
  search: CompareSearch;
  change: (next: CompareSearch) => void;
}

function FormSwitch({ search, change }: FormProps) {
  const { say } = useWords();
  const choose = (form: string): void => {
    const { tab: _tab, ...rest } = search;
    change(form === "table" ? rest : { ...rest, tab: form as Exclude<CompareForm, "table"> });
  };
  const shown = search.tab ?? "table";
  return (
    <SegmentedControl
      size="xs"
      aria-label={say("compare.form")}
      className={styles.forms}
      value={shown}
      onChange={choose}
      data={FORMS.map((form) => ({ value: form, label: <span ref={form === shown ? intoSight : undefined}>{say(`compare.form.${form}` as MessageId)}</span> }))}
    />
  );
}

function Nothing({ project }: { project: string }) {
  const { say } = useWords();
  return (
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
  );
}

function TooMany({ runs, change }: { runs: readonly string[]; change: (first: string) => void }) {
  const { say } = useWords();
  return (
    <EmptyState
      kind="none"
      title={say("compare.many", { count: runs.length })}
      why={say("runs.compare.how", { most: MOST_COMPARED })}
      action={
        <Button onClick={() => change(comparedRuns(runs.slice(0, MOST_COMPARED)))}>
          {say("compare.many.first", { most: MOST_COMPARED })}
        </Button>
      }
    />
  );
}

function Differences({ project, runs, search, change }: { project: string; runs: readonly string[] } & FormProps) {
  const { say } = useWords();
  const everything = search.all === true;
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetching } = useInfiniteQuery({
    ...compareQuery(project, runs, everything),
    placeholderData: keepPreviousData,
  });
  const more = useCallback((): void => void (isFetching || fetchNextPage()), [isFetching, fetchNextPage]);
  const rows = useMemo(() => data?.pages.flatMap((page) => page.compareRuns.rows.edges.map(({ node }) => node)), [data]);
  const told = data?.pages[0]?.compareRuns;
  if (error && !rows) return <Trouble alone error={error} retry={() => void refetch()} />;
  if (!told || !rows) return <Skeleton height="100%" />;
  const toggle = (all: boolean): void => change({ ...search, all });
  return (
    <div className={styles.differences}>
      <div className={styles.head}>
        <SegmentedControl
          size="xs"
          aria-label={say("compare.rows")}
          value={everything ? "all" : "differing"}
          onChange={(value) => toggle(value === "all")}
          data={[
            { value: "differing", label: say("compare.differing") },
            { value: "all", label: say("compare.all") },
          ]}
        />
        <output className="faint">
          {say("compare.count", { differing: told.differing, same: told.same })}
          {told.isPartial && ` ${say("compare.partial")}`}
        </output>
      </div>
      {rows.length > 0 ? (
        <CompareTable project={project} runs={told.runs} rows={rows} total={everything ? told.differing + told.same : told.differing} more={hasNextPage ? more : undefined} />
      ) : (
        <EmptyState
          kind={everything ? "none" : "filtered"}
          title={say("compare.same")}
          why={say("compare.same.why")}
          action={!everything && <Button onClick={() => toggle(true)}>{say("compare.all")}</Button>}
        />
      )}
    </div>
  );
}
