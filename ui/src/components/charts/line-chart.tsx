/** Lines, or points alone, with axes: drawn by uPlot, which loads with this file. */
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useDark } from "@/components/dark";
import { figure } from "@/lib/format";
import { useWords } from "@/lib/words";
import { nearest, strokeOf, wider } from "./curves";
import type { Axis, Line, Range } from "./curves";
import styles from "./line-chart.module.css";

export interface LineChartProps {
  /** what is drawn, for who cannot see it */
  label: string;
  lines: readonly Line[];
  axis?: Axis;
  logX?: boolean;
  logY?: boolean;
  names?: { x: string; y: string };
  /** what is looked at; all where nothing is said */
  range?: Range | null;
  zoom?: (range: Range) => void;
  /** the line that stands out, by its place here */
  lit?: number | undefined;
  height?: number;
}

const HEIGHT = 240;
const LEAST_WIDTH = 200;
const LEAST_DRAG = 6;
const REACH = 40;

export function LineChart(props: LineChartProps) {
  const { label, lines, axis = "step", logX = false, logY = false, names, range, zoom, lit, height = HEIGHT } = props;
  const { language } = useWords();
  const dark = useDark();
  const place = useRef<HTMLElement>(null);
  const drawn = useRef<uPlot>(undefined);
  const zoomed = useRef(zoom);
  useEffect(() => {
    zoomed.current = zoom;
  });
  const [from, to] = range ?? [undefined, undefined];
  const [nameX, nameY] = [names?.x, names?.y];

  useEffect(() => {
    const it = place.current;
    if (!it) return undefined;
    const style = getComputedStyle(it);
    const axisOf = (values: uPlot.Axis["values"], name: string | undefined): uPlot.Axis => ({
      stroke: style.getPropertyValue("--faint"),
      grid: { stroke: style.getPropertyValue("--line"), width: 1 },
      ticks: { stroke: style.getPropertyValue("--line"), width: 1 },
      font: "12px system-ui, sans-serif",
      ...(values ? { values } : {}),
      ...(name === undefined ? {} : { label: name, labelFont: "12px system-ui, sans-serif", labelSize: 18 }),
    });
    const figures: uPlot.Axis["values"] = (_, splits) => splits.map((one) => (one === null ? "" : figure(one, language)));
    const chart = new uPlot(
      {
        mode: 2,
        width: Math.max(LEAST_WIDTH, it.clientWidth),
        height,
        legend: { show: false },
        scales: {
          x: {
            time: false,
            distr: logX ? 3 : 1,
            range: (_, least, most) => (from === undefined || to === undefined ? wider(least, most, logX) : wider(from, to, logX)),
          },
          y: { distr: logY ? 3 : 1 },
        },
        axes: [axisOf(axis === "wall" ? clock(language) : figures, nameX), { ...axisOf(figures, nameY), size: 58 }],
        series: [{}, ...lines.map((line, at) => seriesOf(line, at, dark))] as uPlot.Series[],
        cursor: { drag: { x: true, y: false, setScale: false }, points: { show: false } },
        hooks: {
          setSelect: [
            (plot) => {
              const { left, width } = plot.select;
              if (width > LEAST_DRAG) zoomed.current?.([plot.posToVal(left, "x"), plot.posToVal(left + width, "x")]);
              if (width > 0) plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            },
          ],
          setCursor: [(plot) => tell(plot, lines, language)],
        },
      },
      [null, ...lines.map(({ x, y }) => [x, y])] as unknown as uPlot.AlignedData,
      it,
    );
    drawn.current = chart;
    const size = new ResizeObserver(() => chart.setSize({ width: Math.max(LEAST_WIDTH, it.clientWidth), height }));
    size.observe(it);
    return () => {
      size.disconnect();
      chart.destroy();
      drawn.current = undefined;
    };
  }, [lines, axis, logX, logY, from, to, nameX, nameY, height, dark, language]);

  useEffect(() => {
    // What is first among its series is the axis. Its types know no way back to all.
    drawn.current?.setSeries((lit === undefined ? null : lit + 1) as number, { focus: true });
  }, [lit]);

  return <figure ref={place} className={styles.chart} aria-label={label} />;
}

function seriesOf({ dots, x, at: own }: Line, at: number, dark: boolean): unknown {
  const alone = x.length === 1; // a line of one point would not be seen
  const { colour, dash } = strokeOf(own ?? at, dark);
  return {
    stroke: colour,
    width: 1.5,
    dash: [...dash],
    points: { show: false },
    ...(dots || alone ? { paths: dotsIn(colour) } : {}),
    facets: [
      { scale: "x", auto: true },
      { scale: "y", auto: true },
    ],
  };
}

const DOT = 4.5;

/** Draws a dot for each point in place of a line. */
function dotsIn(colour: string): uPlot.Series.PathBuilder {
  return (plot, index) => {
    uPlot.orient(plot, index, (_series, xs, ys, scaleX, scaleY, toX, toY, left, top, width, height) => {
      const { ctx } = plot;
      ctx.fillStyle = colour;
      ctx.globalAlpha = plot.series[index]?.alpha ?? 1;
      (xs as number[]).forEach((x, at) => {
        const y = ys[at];
        if (y === null || y === undefined) return;
        ctx.beginPath();
        ctx.arc(toX(x, scaleX, width, left), toY(y, scaleY, height, top), DOT * devicePixelRatio, 0, 2 * Math.PI);
        ctx.fill();
      });
      ctx.globalAlpha = 1;
    });
    return null;
  };
}

const DAY_SECONDS = 86_400;

/** Times within a day by the clock, else by the date. */
function clock(language: string): uPlot.Axis["values"] {
  return (_, splits) => {
    const long = (splits.at(-1) ?? 0) - (splits[0] ?? 0) > DAY_SECONDS;
    const words = new Intl.DateTimeFormat(language, long ? { month: "short", day: "numeric" } : { timeStyle: "short" });
    return splits.map((one) => words.format(one * 1_000));
  };
}

/** Names the point that the pointer is nearest to. */
function tell(plot: uPlot, lines: readonly Line[], language: string): void {
  const { left = -1, top = -1 } = plot.cursor;
  let told = plot.over.querySelector("output");
  if (!told) {
    told = document.createElement("output");
    plot.over.append(told);
  }
  let best = REACH;
  told.textContent = "";
  if (left < 0) return;
  lines.forEach((line) => {
    const at = nearest(line.x, plot.posToVal(left, "x"));
    const [x, y] = [line.x[at], line.y[at]];
    if (x === undefined || y === undefined || y === null) return;
    const far = Math.hypot(plot.valToPos(x, "x") - left, plot.valToPos(y, "y") - top);
    if (far >= best) return;
    best = far;
    told.textContent = `${line.name}: ${figure(y, language)}`;
    told.style.left = `${Math.min(left, plot.over.clientWidth * 0.6)}px`;
    told.style.top = `${Math.max(0, top - 28)}px`;
  });
}
