/** Which line is which: pressed, it hides one; under the mouse or the focus, it stands out. One tab stop, arrows
 * go from line to line. */
import { useRef, useState } from "react";
import type { KeyboardEvent, MouseEvent } from "react";
import { Button } from "@mantine/core";
import { useDark } from "@/components/dark";
import { useWords } from "@/lib/words";
import { strokeOf } from "./curves";
import { legendStep } from "./legend-steps";
import styles from "./legend.module.css";

export interface LegendItem {
  key: string;
  name: string;
  /** its place among all lines, which is its colour */
  at: number;
}

export interface LegendProps {
  items: readonly LegendItem[];
  /** keys of what is not drawn */
  hidden: ReadonlySet<string>;
  hide: (hidden: ReadonlySet<string>) => void;
  /** the key of what stands out */
  light: (key: string | undefined) => void;
  /** as points, not lines */
  dots?: boolean;
}

export function Legend({ items, hidden, hide, light, dots = false }: LegendProps) {
  const { say } = useWords();
  const dark = useDark();
  const list = useRef<HTMLDivElement>(null);
  const [stop, setStop] = useState(0);
  const here = Math.min(stop, items.length - 1);
  const alone = (key: string): void => hide(new Set(items.filter((one) => one.key !== key).map((one) => one.key)));
  const toggle = (key: string): void => hide(new Set(hidden.has(key) ? [...hidden].filter((one) => one !== key) : [...hidden, key]));
  const pressed = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return;
    const item = items[here];
    if (event.shiftKey && (event.key === "Enter" || event.key === " ") && item) {
      event.preventDefault();
      return alone(item.key);
    }
    const next = legendStep(here, items.length, event.key);
    if (next === undefined) return;
    event.preventDefault();
    setStop(next);
    list.current?.querySelectorAll("button")[next]?.focus();
  };
  return (
    <div className={styles.legend}>
      <div ref={list} role="toolbar" tabIndex={-1} aria-label={say("chart.legend")} className={styles.items} onKeyDown={pressed}>
        {items.map(({ key, name, at }, place) => (
          <button
            key={key}
            type="button"
            aria-pressed={!hidden.has(key)}
            title={say("chart.legend.how", { name })}
            tabIndex={place === here ? 0 : -1}
            onClick={(event: MouseEvent) => {
              setStop(place);
              if (event.shiftKey) alone(key);
              else toggle(key);
            }}
            onMouseEnter={() => light(key)}
            onMouseLeave={() => light(undefined)}
            onFocus={() => light(key)}
            onBlur={() => light(undefined)}
          >
            <Swatch at={at} dark={dark} dots={dots} />
            <bdi>{name}</bdi>
          </button>
        ))}
      </div>
      {items.some(({ key }) => hidden.has(key)) && (
        <Button size="compact-xs" variant="default" onClick={() => hide(new Set())}>
          {say("chart.legend.all", { count: items.filter(({ key }) => hidden.has(key)).length })}
        </Button>
      )}
    </div>
  );
}

function Swatch({ at, dark, dots }: { at: number; dark: boolean; dots: boolean }) {
  const { colour, dash } = strokeOf(at, dark);
  return (
    <svg width={22} height={10} aria-hidden="true" focusable="false">
      {dots ? <circle cx={11} cy={5} r={4.5} fill={colour} /> : <line x1={1} x2={21} y1={5} y2={5} stroke={colour} strokeWidth={2.5} strokeDasharray={dash.join(" ")} />}
    </svg>
  );
}
