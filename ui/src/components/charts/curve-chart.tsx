/** One metric of one run or of many; looking closer asks the server for more detail of that part. */
import { useMemo, useState } from "react";
import { Skeleton } from "@mantine/core";
import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";
import { MetricHistoriesDocument } from "@/gql/graphql";
import { later } from "@/components/later";
import type { Table } from "@/lib/preview";
import { ask } from "@/lib/graphql";
import { useWords } from "@/lib/words";
import { ChartCard } from "./chart-card";
import { extentOf, lineOf, moved, stepsWithin } from "./curves";
import type { Axis, Line, Look, Move, Range, Series } from "./curves";

const LineChart = later(() => import("./line-chart").then(({ LineChart: it }) => it), ({ height = 240 }) => <Skeleton height={height} />);
LineChart.fetch(); // while the curves are on their way

export interface NamedSeries {
  run: string;
  name: string;
  series: Series;
  /** the run's place among all that are compared, which is its colour */
  at?: number;
}

export interface CurveChartProps {
  title: string;
  /** that are read already, and are drawn until something is looked at more closely */
  curves: readonly NamedSeries[];
  look: Look;
  /** the run that stands out */
  lit?: string | undefined;
  height?: number;
  wide?: boolean;
}

/** Points of a line, which has about as many pixels; of many lines over each other fewer. */
const POINTS = 1_000;
const LEAST_POINTS = 300;
const POINTS_IN_ALL = 50_000;

/** Some metrics of some runs, thinned to what a chart can show; of some of the steps in more detail. */
export const historiesQuery = (runs: readonly string[], keys: readonly string[], axis: Axis, steps?: Range) => {
  const asked = {
    runs: [...runs],
    keys: [...keys],
    maxPoints: Math.max(LEAST_POINTS, Math.min(POINTS, Math.floor(POINTS_IN_ALL / Math.max(1, runs.length)))),
    // Most of an answer would be times.
    withTimes: axis !== "step",
    ...(steps ? { fromStep: steps[0], toStep: steps[1] } : {}),
  };
  return queryOptions({
    queryKey: ["histories", runs, keys, asked.withTimes, steps ?? null],
    queryFn: ({ signal }) => ask(MetricHistoriesDocument, asked, signal),
    select: ({ metricHistories }) => metricHistories,
    enabled: runs.length > 0 && keys.length > 0,
    placeholderData: keepPreviousData,
  });
};

export function CurveChart({ title, curves, look, lit, height, wide }: CurveChartProps) {
  const { say } = useWords();
  const [range, setRange] = useState<Range | null>(null);
  const closer = useCloser(curves, look, range);
  const lines = useMemo(() => curves.map((one) => lineOfCurve(one, look)), [curves, look]);
  const drawn = useMemo(
    () => (closer ? closer.map((one) => lineOfCurve(one, look)) : lines),
    [closer, lines, look],
  );
  const full = extentOf(lines);
  const move = (how: Move | "all"): void => setRange(how === "all" || !full ? null : moved(range ?? full, full, how));
  const points = curves.reduce((sum, { series }) => sum + series.total, 0);
  const stands = lit === undefined ? -1 : curves.findIndex(({ run }) => run === lit);
  const thinned = (closer ?? curves).some(({ series }) => series.thinned);
  return (
    <ChartCard
      title={title}
      table={() => tableOf(say("chart.series"), say("chart.step"), title, closer ?? curves)}
      move={move}
      {...(wide === undefined ? {} : { wide })}
      note={thinned && <p className="faint">{say("chart.thinned", { count: points })}</p>}
    >
      <LineChart
        label={say("chart.label", { title, count: drawn.length, points })}
        lines={drawn}
        axis={look.axis}
        logX={look.logX}
        logY={look.logY}
        range={range}
        zoom={setRange}
        lit={stands < 0 ? undefined : stands}
        {...(height === undefined ? {} : { height })}
      />
    </ChartCard>
  );
}

const lineOfCurve = ({ name, series, at }: NamedSeries, look: Look): Line => ({ ...lineOf(name, series, look), ...(at === undefined ? {} : { at }) });

/** Series of the part that is looked at, once they are there; nothing where what is there is all there is. */
function useCloser(curves: readonly NamedSeries[], look: Look, range: Range | null): readonly NamedSeries[] | undefined {
  const thinned = useMemo(() => curves.filter(({ series }) => series.thinned), [curves]);
  const steps = useMemo(
    () => (range && thinned.length > 0 ? stepsWithin(thinned.map(({ series }) => series), look.axis, range) : undefined),
    [thinned, look.axis, range],
  );
  const [first] = thinned;
  const { data, isPlaceholderData } = useQuery({
    ...historiesQuery(thinned.map(({ run }) => run), first ? [first.series.key] : [], look.axis, steps),
    enabled: steps !== undefined,
  });
  return useMemo(() => {
    if (steps === undefined || !data || isPlaceholderData) return undefined;
    const found = new Map(data.map(({ run, series }) => [run, series[0]]));
    return curves.map((one) => ({ ...one, series: (one.series.thinned && found.get(one.run)) || one.series }));
  }, [steps, data, isPlaceholderData, curves]);
}

function tableOf(name: string, step: string, value: string, curves: readonly NamedSeries[]): Table {
  return {
    columns: [name, step, value].map((one) => ({ name: one, type: "" })),
    rows: curves.flatMap((curve) => curve.series.steps.map((at, index) => [curve.name, at, curve.series.values[index]])),
  };
}
