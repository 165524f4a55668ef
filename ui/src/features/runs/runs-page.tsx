/** Runs of a project: filtered, in the order of a column, with the metrics and parameters one wants to see. */
import { useCallback, useMemo, useRef, useState } from "react";
import { Button, Skeleton } from "@mantine/core";
import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { EmptyState } from "@/components/empty-state";
import { Trouble } from "@/components/trouble";
import { readAnew } from "@/lib/anew";
import { MOST_COMPARED, comparedRuns } from "@/lib/compared";
import { useRunsChanged } from "@/lib/live";
import { useWords } from "@/lib/words";
import { FilterBar } from "./filter-bar";
import { RunTable } from "./run-table";
import { countQuery, runsKey, runsQuery } from "./runs-query";
import { USUAL_COLUMNS, isFiltered, unfiltered, withValue } from "./runs-search";
import type { RunsSearch } from "./runs-search";
import { ViewLink } from "./view-link";
import styles from "./runs-page.module.css";

/** Pages that are read anew at once when something changed; with more, one is asked. */
const PAGES_READ_AGAIN = 2;

export function RunsPage() {
  const { project } = useParams({ from: "/p/$project/runs" });
  const search = useSearch({ from: "/p/$project/runs" });
  return search.view === undefined ? <RunsList project={project} search={search} /> : <ViewLink project={project} uid={search.view} />;
}

function RunsList({ project, search }: { project: string; search: RunsSearch }) {
  const { say } = useWords();
  const navigate = useNavigate({ from: "/p/$project/runs" });
  const columns = search.cols ?? USUAL_COLUMNS;
  const asked = runsQuery(project, search, columns);
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetching, isPlaceholderData } = useInfiniteQuery({
    ...asked,
    placeholderData: keepPreviousData,
  });
  // How many there are is counted once there is something to read.
  const { data: counted } = useQuery({ ...countQuery(project, search), placeholderData: keepPreviousData, enabled: data !== undefined });
  const total = counted?.total;
  const { picked, pick, clear } = usePicked();
  const live = useLiveList(project, data?.pages.length ?? 0);

  const change = useCallback(
    (next: RunsSearch, replace = true): void => void navigate({ search: next, replace }),
    [navigate],
  );
  const more = useCallback((): void => void (isFetching || fetchNextPage()), [isFetching, fetchNextPage]);
  const runs = useMemo(() => data?.pages.flatMap((page) => page.runs.edges.map(({ node }) => node)), [data]);

  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <h1>{say("page.runs")}</h1>
        <output className="faint">
          {runs && typeof total === "number" && total > 0 && say("runs.count", { count: total, read: runs.length, left: total - runs.length })}
        </output>
        {live.news && (
          <Button size="compact-sm" onClick={live.show}>
            {say("runs.news")}
          </Button>
        )}
      </header>
      <FilterBar project={project} search={search} columns={columns} change={change} signedIn={counted?.signedIn ?? false} />
      {picked.size > 0 && <PickedBar project={project} picked={picked} clear={clear} />}
      {error && !runs && <Trouble error={error} retry={() => void refetch()} />}
      {!error && !runs && <Skeleton height="100%" />}
      {runs?.length === 0 && <NoRuns filtered={isFiltered(search)} clear={() => change(unfiltered(search))} />}
      {runs && runs.length > 0 && (
        <div className={styles.body} data-busy={isPlaceholderData || undefined} aria-busy={isPlaceholderData}>
          <RunTable
            runs={runs}
            total={total ?? undefined}
            project={project}
            columns={columns}
            sort={search.sort}
            order={(sort) => change(withValue(search, "sort", sort))}
            picked={picked}
            pick={pick}
            more={hasNextPage ? more : undefined}
            scrolled={live.scrolled}
          />
        </div>
      )}
    </div>
  );
}

function NoRuns({ filtered, clear }: { filtered: boolean; clear: () => void }) {
  const { say } = useWords();
  if (!filtered) return <EmptyState kind="none" title={say("runs.none")} why={say("runs.none.why")} snippet="lineage demo" />;
  return (
    <EmptyState
      kind="filtered"
      title={say("runs.filtered")}
      why={say("runs.filtered.why")}
      action={<Button onClick={clear}>{say("runs.filter.clear")}</Button>}
    />
  );
}

function PickedBar({ project, picked, clear }: { project: string; picked: ReadonlySet<string>; clear: () => void }) {
  const { say } = useWords();
  const enough = picked.size >= 2 && picked.size <= MOST_COMPARED;
  return (
    <div className={styles.picked}>
      <output>{say("runs.picked", { count: picked.size })}</output>
      {enough && (
        <Button
          size="xs"
          renderRoot={(rest) => (
            <Link to="/p/$project/compare" params={{ project }} search={{ runs: comparedRuns(picked) }} {...rest} />
          )}
        >
          {say("runs.compare")}
        </Button>
      )}
      {!enough && <span className="faint">{say("runs.compare.how", { most: MOST_COMPARED })}</span>}
      <Button size="xs" variant="default" onClick={clear}>
        {say("runs.pick.none")}
      </Button>
    </div>
  );
}

/** Runs that are ticked, whether they are in sight or not. */
function usePicked() {
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const pick = useCallback((uids: readonly string[], on: boolean): void => {
    setPicked((before) => {
      const next = new Set(before);
      for (const uid of uids) {
        if (on) next.add(uid);
        else next.delete(uid);
      }
      return next;
    });
  }, []);
  return { picked, pick, clear: () => setPicked(new Set()) };
}

/** New and changed runs come by themselves while one looks at the top; under the eyes nothing is moved. */
function useLiveList(project: string, pages: number) {
  const queries = useQueryClient();
  const away = useRef(false);
  const [news, setNews] = useState(false);
  const read = (): Promise<void> => {
    setNews(false);
    return readAnew(queries, { queryKey: runsKey(project) });
  };
  useRunsChanged(project, () => (away.current || pages > PAGES_READ_AGAIN ? setNews(true) : read()));
  const scrolled = useCallback((now: boolean): void => {
    away.current = now;
  }, []);
  const show = (): void => {
    setNews(false);
    void queries.resetQueries({ queryKey: runsKey(project) });
  };
  return { news, show, scrolled };
}
