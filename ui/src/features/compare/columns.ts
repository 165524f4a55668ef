/** Parameters and metrics of the compared runs as columns of values, for charts. */
import { useCallback, useEffect, useMemo } from "react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { isNumeric } from "@/components/charts/parallel";
import { moment } from "@/lib/format";
import { useWords } from "@/lib/words";
import { compareQuery } from "./compare-query";
import type { ComparedRow, ComparedRun } from "./compare-query";

export interface Column {
  /** `m.` or `p.` and the key */
  key: string;
  name: string;
  differs: boolean;
  values: readonly unknown[];
}

const MOST_PARAMS = 6;
const MOST_METRICS = 4;

export function columnsOf(rows: readonly ComparedRow[]): Column[] {
  return rows
    .filter(({ part }) => part === "PARAMETER" || part === "METRIC")
    .map(({ part, name, differs, values }) => ({ key: `${part === "METRIC" ? "m" : "p"}.${name}`, name, differs, values }));
}

const isMetric = ({ key }: Column): boolean => key.startsWith("m.");

/** What is put on axes where nobody chose: what was tried, then what came of it. */
export function usualAxes(columns: readonly Column[]): string[] {
  const params = columns.filter((one) => !isMetric(one) && one.differs).slice(0, MOST_PARAMS);
  return [...params, ...columns.filter(isMetric).slice(0, MOST_METRICS)].map(({ key }) => key);
}

/** The usual two of a scatter plot, of those that are numbers. */
export function usualPair(columns: readonly Column[]): { x: string | undefined; y: string | undefined } {
  const numbers = columns.filter(({ values }) => isNumeric(values));
  const y = numbers.find(isMetric) ?? numbers.at(-1);
  const x = numbers.find((one) => one.differs && one !== y && !isMetric(one)) ?? numbers.find((one) => one !== y);
  return { x: x?.key, y: y?.key };
}

export interface Columns {
  runs: readonly ComparedRun[];
  columns: readonly Column[];
  /** all of them are there */
  complete: boolean;
  error: Error | null;
  again: () => void;
}

/** Reads rows until all parameters and metrics are there: they come before everything else. */
export function useColumns(project: string, uids: readonly string[]): Columns {
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetching } = useInfiniteQuery(compareQuery(project, uids, true));
  const rows = useMemo(() => data?.pages.flatMap((page) => page.compareRuns.rows.edges.map(({ node }) => node)) ?? [], [data]);
  const last = rows.at(-1)?.part;
  const more = hasNextPage && (last === "PARAMETER" || last === "METRIC");
  useEffect(() => {
    if (more && !isFetching) void fetchNextPage();
  }, [more, isFetching, fetchNextPage]);
  const columns = useMemo(() => columnsOf(rows), [rows]);
  return {
    runs: data?.pages[0]?.compareRuns.runs ?? [],
    columns,
    complete: data !== undefined && !more,
    error: data ? null : error,
    again: () => void refetch(),
  };
}

type Named = Pick<ComparedRun, "uid" | "name" | "jobName" | "startedAt">;

const runName = (run: Named): string => run.name || run.jobName || run.uid;
const FIRST_DIGITS = 8;

/** The first digits of an id, as many as tell these apart: ids of one moment begin alike. */
function digitsOf(uid: string, uids: readonly string[]): string {
  const id = (one: string): string => one.slice(one.indexOf(":") + 1);
  const own = id(uid);
  let length = FIRST_DIGITS;
  while (length < own.length && uids.some((one) => one !== uid && id(one).startsWith(own.slice(0, length)))) length += 1;
  return own.slice(0, length);
}

/** What each run is called among these, by its uid: where names repeat, with what tells the runs apart, which is
 * when they began, else the first digits of their ids. */
export function runNames(runs: readonly Named[], timeOf: (time: string) => string): ReadonlyMap<string, string> {
  const alike = new Map<string, Named[]>();
  for (const run of runs) alike.set(runName(run), [...(alike.get(runName(run)) ?? []), run]);
  return new Map(
    runs.map((run) => {
      const name = runName(run);
      const same = alike.get(name) ?? [run];
      if (same.length === 1) return [run.uid, name];
      const times = new Set(same.map(({ startedAt }) => startedAt && timeOf(startedAt)));
      const told = times.size === same.length && run.startedAt ? timeOf(run.startedAt) : digitsOf(run.uid, same.map(({ uid }) => uid));
      return [run.uid, `${name} · ${told}`];
    }),
  );
}

/** The same in the words of the reader. */
export function useRunNames(runs: readonly ComparedRun[]): (uid: string) => string {
  const { language } = useWords();
  const names = useMemo(() => runNames(runs, (time) => moment(time, language)), [runs, language]);
  return useCallback((uid: string): string => names.get(uid) ?? uid, [names]);
}
