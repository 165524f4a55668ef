/** Compared runs in pictures: their curves over each other, two columns against each other, all columns in parallel. */
import { useCallback, useMemo, useState } from "react";
import { Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Card, Cards } from "@/components/card";
import { ChartCard } from "@/components/charts/chart-card";
import { CurveChart, historiesQuery } from "@/components/charts/curve-chart";
import type { NamedSeries } from "@/components/charts/curve-chart";
import { Legend } from "@/components/charts/legend";
import { LookBar } from "@/components/charts/look-bar";
import { lookIn, searchOf } from "@/components/charts/look-search";
import { EmptyState } from "@/components/empty-state";
import { later } from "@/components/later";
import { Picker } from "@/components/picker";
import { RunList } from "@/components/run-list";
import { Trouble } from "@/components/trouble";
import { comparedRuns } from "@/lib/compared";
import { useWords } from "@/lib/words";
import { useColumns, useRunNames, usualAxes, usualPair } from "./columns";
import type { Column, Columns } from "./columns";
import { runsIn, withLook } from "./compare-search";
import type { CompareSearch } from "./compare-search";
import styles from "./charts.module.css";

const TALL = 320;
const tall = () => <Skeleton height={TALL} />;
const LineChart = later(() => import("@/components/charts/line-chart").then(({ LineChart: it }) => it), tall);
const ParallelChart = later(() => import("@/components/charts/parallel-chart").then(({ ParallelChart: it }) => it), tall);

const AT_ONCE = 4;
const LISTED = 20;
const NOTHING: readonly NamedSeries[] = [];

export interface ChartsProps {
  project: string;
  uids: readonly string[];
  search: CompareSearch;
  change: (next: CompareSearch) => void;
}

export function Charts(props: ChartsProps) {
  const told = useColumns(props.project, props.uids);
  if (told.error) return <Trouble error={told.error} retry={told.again} />;
  if (!told.complete) return <Skeleton height={TALL} />;
  const { tab } = props.search;
  return (
    <div className={styles.all}>
      {tab === "curves" && <Curves {...props} told={told} />}
      {tab === "scatter" && <Scatter {...props} told={told} />}
      {tab === "parallel" && <Parallel {...props} told={told} />}
    </div>
  );
}

type FormProps = ChartsProps & { told: Columns };

/** One legend for all pictures of the same runs: a run has the same colour in each. */
function useRunLegend(search: CompareSearch, change: (next: CompareSearch) => void, told: Columns, dots = false) {
  const [lit, setLit] = useState<string>();
  const hidden = useMemo((): ReadonlySet<string> => new Set(runsIn(search.off)), [search.off]);
  const nameOf = useRunNames(told.runs);
  const items = useMemo(() => told.runs.map(({ uid }, at) => ({ key: uid, name: nameOf(uid), at })), [told.runs, nameOf]);
  const hide = (next: ReadonlySet<string>): void => change({ ...search, off: comparedRuns(next) });
  return { legend: <Legend items={items} hidden={hidden} hide={hide} light={setLit} dots={dots} />, hidden, lit, nameOf };
}

function Curves({ uids, search, change, told }: FormProps) {
  const { say } = useWords();
  const [shown, setShown] = useState(AT_ONCE);
  const keys = useMemo(
    () => told.columns.filter(({ key }) => key.startsWith("m.")).map(({ name }) => name),
    [told.columns],
  );
  const asked = keys.slice(0, shown);
  const { data, error, refetch } = useQuery(historiesQuery(uids, asked, search.axis ?? "step"));
  const { axis, smooth, logx, logy } = search;
  const look = useMemo(() => lookIn({ axis, smooth, logx, logy } as CompareSearch), [axis, smooth, logx, logy]);
  const { legend, hidden, lit, nameOf } = useRunLegend(search, change, told);
  const places = useMemo(() => new Map(told.runs.map(({ uid }, at) => [uid, { name: nameOf(uid), at }])), [told.runs, nameOf]);
  const curves = useMemo(() => {
    const of = new Map<string, NamedSeries[]>();
    for (const { run, series } of data ?? []) {
      if (hidden.has(run)) continue;
      const { name, at } = places.get(run) ?? { name: run, at: 0 };
      for (const one of series) of.set(one.key, [...(of.get(one.key) ?? []), { run, name, at, series: one }]);
    }
    return of;
  }, [data, places, hidden]);
  if (keys.length === 0) return <EmptyState kind="none" title={say("run.metrics.none")} why={say("run.metrics.none.why")} />;
  return (
    <>
      <LookBar look={look} change={(next) => change(withLook(search, searchOf(next)))} />
      {legend}
      {error && !data && <Trouble error={error} retry={() => void refetch()} />}
      {!error && !data && <Skeleton height={TALL} />}
      <Cards>
        {data && asked.map((key) => <CurveChart key={key} title={key} curves={curves.get(key) ?? NOTHING} look={look} lit={lit} />)}
      </Cards>
      {keys.length > shown && (
        <Button variant="default" onClick={() => setShown(shown + AT_ONCE)}>
          {say("run.metrics.more", { count: keys.length - shown })}
        </Button>
      )}
    </>
  );
}

function Scatter({ search, change, told }: FormProps) {
  const { say } = useWords();
  const usual = usualPair(told.columns);
  const of = (key: string | undefined): Column | undefined => told.columns.find((one) => one.key === key);
  const x = of(search.x) ?? of(usual.x);
  const y = of(search.y) ?? of(usual.y);
  const { legend, hidden, lit, nameOf } = useRunLegend(search, change, told, true);
  const lines = useMemo(
    () =>
      told.runs.flatMap((run, at) => {
        const place = x?.values[at];
        const value = y?.values[at];
        const drawn = typeof place === "number" && typeof value === "number";
        const fits = drawn && (!search.logx || place > 0) && (!search.logy || value > 0);
        return fits && !hidden.has(run.uid) ? [{ uid: run.uid, name: nameOf(run.uid), at, x: [place], y: [value], dots: true }] : [];
      }),
    [told.runs, x, y, search.logx, search.logy, hidden, nameOf],
  );
  const stands = lines.findIndex(({ uid }) => uid === lit);
  if (!x || !y) return <EmptyState kind="none" title={say("compare.scatter.none")} why={say("compare.scatter.none.why")} />;
  const title = say("compare.scatter.title", { x: x.name, y: y.name });
  const left = told.runs.filter(({ uid }) => !hidden.has(uid)).length - lines.length;
  return (
    <>
      <div className={styles.bar}>
        <Choose label={say("compare.scatter.x")} columns={told.columns} chosen={x.key} choose={(key) => change({ ...search, x: key })} />
        <Choose label={say("compare.scatter.y")} columns={told.columns} chosen={y.key} choose={(key) => change({ ...search, y: key })} />
        <Tick label={say("chart.log.x")} on={search.logx === true} set={(logx) => change({ ...search, logx })} />
        <Tick label={say("chart.log.y")} on={search.logy === true} set={(logy) => change({ ...search, logy })} />
      </div>
      {legend}
      <ChartCard
        title={title}
        table={() => ({
          columns: [say("runs.name"), x.name, y.name].map((name) => ({ name, type: "" })),
          rows: told.runs.map(({ uid }, at) => [nameOf(uid), x.values[at], y.values[at]]),
        })}
        note={left > 0 && <p className="faint">{say("compare.scatter.left", { count: left })}</p>}
      >
        <LineChart
          label={say("compare.scatter.label", { title, count: lines.length })}
          lines={lines}
          logX={search.logx === true}
          logY={search.logy === true}
          names={{ x: x.name, y: y.name }}
          lit={stands < 0 ? undefined : stands}
          height={TALL}
        />
      </ChartCard>
    </>
  );
}

interface ChooseProps {
  label: string;
  columns: readonly Column[];
  chosen: string;
  choose: (key: string) => void;
}

function Choose({ label, columns, chosen, choose }: ChooseProps) {
  return (
    <label>
      <span>{label}</span>
      <select value={chosen} onChange={(event) => choose(event.currentTarget.value)}>
        {columns.map(({ key, name }) => (
          <option key={key} value={key}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function Tick({ label, on, set }: { label: string; on: boolean; set: (on: boolean) => void }) {
  return (
    <label>
      <input type="checkbox" checked={on} onChange={(event) => set(event.currentTarget.checked)} />
      <span>{label}</span>
    </label>
  );
}

function Parallel({ search, change, told }: FormProps) {
  const { say } = useWords();
  const nameOf = useRunNames(told.runs);
  const [within, setWithin] = useState<readonly boolean[]>([]);
  const order = useMemo(() => search.axes ?? usualAxes(told.columns), [search.axes, told.columns]);
  const columns = useMemo(() => told.columns.filter(({ key }) => order.includes(key)), [told.columns, order]);
  const brushed = useCallback((next: readonly boolean[]): void => setWithin(next), []);
  if (told.columns.length === 0) {
    return <EmptyState kind="none" title={say("compare.scatter.none")} why={say("compare.scatter.none.why")} />;
  }
  const left = told.runs.filter((_, at) => within[at] !== false);
  const ordered = order.flatMap((key) => columns.find((one) => one.key === key) ?? []);
  return (
    <>
      <div className={styles.bar}>
        <Picker
          label={say("compare.parallel.axes")}
          groups={[{ choices: told.columns.map(({ key, name }) => ({ value: key, name })) }]}
          picked={order}
          change={(axes) => change({ ...search, axes })}
          narrow={say("runs.columns.narrow")}
          counted
        />
      </div>
      <ChartCard
        wide
        title={say("compare.form.parallel")}
        table={() => ({
          columns: [say("runs.name"), ...ordered.map(({ name }) => name)].map((name) => ({ name, type: "" })),
          rows: told.runs.map(({ uid }, at) => [nameOf(uid), ...ordered.map(({ values }) => values[at] ?? null)]),
        })}
      >
        <ParallelChart
          label={say("compare.parallel.label", { runs: told.runs.length, axes: ordered.length })}
          columns={columns}
          order={order}
          reorder={(axes) => change({ ...search, axes })}
          brushed={brushed}
        />
      </ChartCard>
      <Card title={say("compare.parallel.left", { count: left.length, all: told.runs.length })}>
        <RunList runs={left.slice(0, LISTED).map((run) => ({ ...run, name: nameOf(run.uid) }))} more={left.length > LISTED} />
      </Card>
    </>
  );
}
