/** Parallel coordinates on a canvas: a line a run; axes are brushed, reordered, hidden, put on a log scale. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { PointerEvent } from "react";
import { ActionIcon } from "@mantine/core";
import { useDark } from "@/components/dark";
import { Icon } from "@/components/icon";
import { figure } from "@/lib/format";
import { useWords } from "@/lib/words";
import { axisOf, isWithin, shareOf, shifted, valueAt } from "./parallel";
import type { Brush, ParallelAxis } from "./parallel";
import styles from "./parallel-chart.module.css";

export interface ParallelChartProps {
  label: string;
  /** of each column its values, in the order of the runs */
  columns: readonly { key: string; name: string; values: readonly unknown[] }[];
  order: readonly string[];
  reorder: (keys: string[]) => void;
  /** which lines are within all brushes */
  brushed: (within: readonly boolean[]) => void;
}

/** Of each axis: few of them have the width of the page between them, many are scrolled. */
const LEAST_AXIS_WIDTH = 150;
const MOST_AXIS_WIDTH = 320;
const HEIGHT = 320;
const EDGE = 16;
/** Brushes narrower than this are clicks, which let go of the brush. */
const LEAST_BRUSH = 0.01;

export function ParallelChart({ label, columns, order, reorder, brushed }: ParallelChartProps) {
  const { say, language } = useWords();
  const dark = useDark();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [logs, setLogs] = useState<ReadonlySet<string>>(new Set());
  const [brushes, setBrushes] = useState<Readonly<Record<string, Brush>>>({});
  const axes = useMemo(
    () =>
      order.flatMap((key) => {
        const column = columns.find((one) => one.key === key);
        return column ? [{ ...axisOf(key, column.values, logs.has(key)), name: column.name }] : [];
      }),
    [columns, order, logs],
  );
  const { frame, axisWidth } = useAxisWidth(axes.length);
  const lines = useMemo(() => linesOf(axes, columns), [axes, columns]);
  const within = useMemo(
    () => lines.map((shares) => isWithin(shares, axes.map(({ key }) => brushes[key]))),
    [lines, axes, brushes],
  );
  useEffect(() => brushed(within), [within, brushed]);
  useEffect(() => {
    if (canvas.current) draw(canvas.current, { axes, axisWidth, lines, within, brushes, faded: dark ? 0.4 : 0.3 });
  }, [axes, axisWidth, lines, within, brushes, dark]);

  const brush = (key: string, next: Brush | undefined): void =>
    setBrushes((before) => {
      const rest = Object.fromEntries(Object.entries(before).filter(([one]) => one !== key));
      return next ? { ...rest, [key]: next } : rest;
    });
  const drag = useDrag(axes, axisWidth, brush);
  const toggleLog = (key: string): void =>
    setLogs((before) => new Set(before.has(key) ? [...before].filter((one) => one !== key) : [...before, key]));
  return (
    <section ref={frame} className={styles.frame} tabIndex={0} aria-label={label}>
      <div className={styles.all} style={{ width: axes.length * axisWidth }}>
        <ol className={styles.heads}>
          {axes.map((axis, at) => (
            <li key={axis.key}>
              <strong title={axis.name}>
                <bdi>{axis.name}</bdi>
              </strong>
              <div>
                <Tool name="left" label={say("parallel.left", { key: axis.name })} act={() => reorder(shifted(order, at, -1))} off={at === 0} />
                <Tool
                  name="right"
                  label={say("parallel.right", { key: axis.name })}
                  act={() => reorder(shifted(order, at, 1))}
                  off={at === axes.length - 1}
                />
                {axis.kind === "number" && axis.least > 0 && (
                  <button type="button" className={styles.log} aria-pressed={axis.log} aria-label={say("parallel.log", { key: axis.name })} onClick={() => toggleLog(axis.key)}>
                    {say("parallel.log.short")}
                  </button>
                )}
                <Tool name="cross" label={say("parallel.hide", { key: axis.name })} act={() => reorder(order.filter((one) => one !== axis.key))} />
              </div>
              <span>{axis.kind === "number" ? figure(axis.greatest, language) : axis.words.at(-1)}</span>
            </li>
          ))}
        </ol>
        <canvas ref={canvas} className={styles.canvas} height={HEIGHT} aria-hidden="true" {...drag} />
        <ol className={styles.feet}>
          {axes.map((axis) => (
            <li key={axis.key}>
              <span>{axis.kind === "number" ? figure(axis.least, language) : axis.words[0]}</span>
              <Bounds axis={axis} brush={brushes[axis.key]} change={(next) => brush(axis.key, next)} />
            </li>
          ))}
        </ol>
      </div>
    </section>
  );
}

function Tool({ name, label, act, off = false }: { name: "left" | "right" | "cross"; label: string; act: () => void; off?: boolean }) {
  return (
    <ActionIcon size="sm" variant="subtle" color="gray" aria-label={label} disabled={off} onClick={act}>
      <Icon name={name} size={14} />
    </ActionIcon>
  );
}

/** The brush of an axis by keys: its two ends in hundredths. */
function Bounds({ axis, brush = [0, 1], change }: { axis: ParallelAxis & { name: string }; brush: Brush | undefined; change: (next: Brush | undefined) => void }) {
  const { say, language } = useWords();
  const [low, high] = brush;
  const set = (next: Brush): void => change(next[0] <= 0 && next[1] >= 1 ? undefined : next);
  const told = (share: number): string =>
    axis.kind === "number" ? figure(valueAt(axis, share), language) : (axis.words[Math.round(share * (axis.words.length - 1))] ?? "");
  return (
    <div className={styles.bounds}>
      <input
        type="range"
        min={0}
        max={1}
        step={0.01}
        value={low}
        aria-label={say("parallel.from", { key: axis.name })}
        aria-valuetext={told(low)}
        onChange={(event) => set([Math.min(Number(event.currentTarget.value), high), high])}
      />
      <input
        type="range"
        min={0}
        max={1}
        step={0.01}
        value={high}
        aria-label={say("parallel.to", { key: axis.name })}
        aria-valuetext={told(high)}
        onChange={(event) => set([low, Math.max(Number(event.currentTarget.value), low)])}
      />
    </div>
  );
}

function linesOf(axes: readonly ParallelAxis[], columns: ParallelChartProps["columns"]): (number | null)[][] {
  const values = axes.map(({ key }) => columns.find((one) => one.key === key)?.values ?? []);
  const count = columns[0]?.values.length ?? 0;
  return Array.from({ length: count }, (_, run) => axes.map((axis, at) => shareOf(axis, values[at]?.[run])));
}

/** As wide as all of them fit into the frame, within bounds: measured before anything is painted. */
function useAxisWidth(axes: number) {
  const frame = useRef<HTMLElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const it = frame.current;
    if (!it) return undefined;
    const measure = (): void => setWidth(it.clientWidth);
    measure();
    const size = new ResizeObserver(measure);
    size.observe(it);
    return () => size.disconnect();
  }, []);
  const fair = Math.floor(width / Math.max(1, axes));
  return { frame, axisWidth: Math.min(MOST_AXIS_WIDTH, Math.max(LEAST_AXIS_WIDTH, fair)) };
}

const down = (share: number): number => EDGE + (1 - share) * (HEIGHT - 2 * EDGE);

/** Drags along an axis; those that end where they began let go of its brush. */
function useDrag(axes: readonly ParallelAxis[], axisWidth: number, brush: (key: string, next: Brush | undefined) => void) {
  const begun = useRef<{ key: string; share: number } | null>(null);
  const place = (event: PointerEvent<HTMLCanvasElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const key = axes[Math.floor((event.clientX - box.left) / axisWidth)]?.key;
    const share = 1 - (event.clientY - box.top - EDGE) / (HEIGHT - 2 * EDGE);
    return { key, share: Math.min(1, Math.max(0, share)) };
  };
  return {
    onPointerDown: (event: PointerEvent<HTMLCanvasElement>): void => {
      const { key, share } = place(event);
      if (key === undefined) return;
      begun.current = { key, share };
      event.currentTarget.setPointerCapture(event.pointerId);
    },
    onPointerMove: (event: PointerEvent<HTMLCanvasElement>): void => {
      if (!begun.current) return;
      const { key, share } = begun.current;
      const now = place(event).share;
      const next: Brush = [Math.min(share, now), Math.max(share, now)];
      brush(key, next[1] - next[0] < LEAST_BRUSH ? undefined : next);
    },
    onPointerUp: (): void => {
      begun.current = null;
    },
  };
}

interface Picture {
  axes: readonly ParallelAxis[];
  axisWidth: number;
  lines: readonly (readonly (number | null)[])[];
  within: readonly boolean[];
  brushes: Readonly<Record<string, Brush>>;
  /** how much of their ink is left to lines outside of a brush */
  faded: number;
}

function draw(canvas: HTMLCanvasElement, { axes, axisWidth, lines, within, brushes, faded }: Picture): void {
  const across = (at: number): number => (at + 0.5) * axisWidth;
  const ratio = window.devicePixelRatio || 1;
  const width = axes.length * axisWidth;
  canvas.width = width * ratio;
  canvas.height = HEIGHT * ratio;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${HEIGHT}px`;
  const paint = canvas.getContext("2d");
  if (!paint) return;
  const style = getComputedStyle(canvas);
  const colour = (name: string): string => style.getPropertyValue(name);
  paint.scale(ratio, ratio);
  const stroke = (wanted: boolean, ink: string, alpha: number): void => {
    paint.strokeStyle = ink;
    paint.globalAlpha = alpha;
    paint.beginPath();
    lines.forEach((shares, run) => {
      if (within[run] !== wanted) return;
      let joined = false;
      shares.forEach((share, at) => {
        if (share === null) joined = false;
        else if (joined) paint.lineTo(across(at), down(share));
        else paint.moveTo(across(at), down(share));
        joined = share !== null;
      });
    });
    paint.stroke();
  };
  paint.lineWidth = 1.25;
  stroke(false, colour("--edge"), faded);
  stroke(true, colour("--accent"), 0.75);
  paint.globalAlpha = 1;
  axes.forEach(({ key }, at) => {
    paint.strokeStyle = colour("--faint");
    paint.lineWidth = 1;
    paint.strokeRect(across(at), down(1), 0, down(0) - down(1));
    const brush = brushes[key];
    if (!brush) return;
    paint.strokeStyle = colour("--accent");
    paint.lineWidth = 2;
    paint.strokeRect(across(at) - 8, down(brush[1]), 16, down(brush[0]) - down(brush[1]));
  });
}
