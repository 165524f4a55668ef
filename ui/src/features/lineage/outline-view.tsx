/** The scene as a tree-grid: every box is reached by keys alone, and read aloud in order. */
import { useMemo, useRef, useState } from "react";
import type { KeyboardEvent } from "react";
import { Icon } from "@/components/icon";
import { kindIcon } from "@/components/kinds";
import { TimeAgo } from "@/components/time-ago";
import { useWords } from "@/lib/words";
import type { MessageId } from "@/lib/words";
import { BoxState, useBoxWords } from "./box-words";
import { outlineOf, stepOf } from "./outline";
import type { Row } from "./outline";
import type { Box, Scene } from "./scene";
import styles from "./outline-view.module.css";

export interface OutlineViewProps {
  scene: Scene;
  at: string | undefined;
  look: (id: string) => void;
}

export function OutlineView({ scene, at, look }: OutlineViewProps) {
  const { say } = useWords();
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const [current, setCurrent] = useState(scene.focus);
  const grid = useRef<HTMLTableElement>(null);
  const rows = useMemo(() => outlineOf(scene, closed), [scene, closed]);
  const stop = rows.some((row) => row.key === current) ? current : scene.focus;

  const toggle = (key: string, shut: boolean): void =>
    setClosed((before) => new Set(shut ? [...before, key] : [...before].filter((one) => one !== key)));
  const pressed = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return;
    const row = rows.find((one) => one.key === stop);
    if (row && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      return look(row.id);
    }
    const step = stepOf(rows, stop, event.key);
    if (!step) return;
    event.preventDefault();
    if ("open" in step) toggle(step.open, false);
    else if ("close" in step) toggle(step.close, true);
    else {
      setCurrent(step.go);
      grid.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(step.go)}"]`)?.focus();
    }
  };

  return (
    <div className={styles.frame}>
      <table ref={grid} role="treegrid" aria-label={say("lineage.outline")} className={styles.grid} onKeyDown={pressed}>
        <thead>
          <tr>
            <th scope="col">{say("lineage.name")}</th>
            <th scope="col">{say("lineage.kind")}</th>
            <th scope="col">{say("runs.state")}</th>
            <th scope="col">{say("lineage.when")}</th>
            <th scope="col">{say("lineage.beyond")}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => {
            const box = scene.boxes.get(row.id);
            return box ? (
              <OutlineRow
                key={row.key}
                row={row}
                box={box}
                looked={at === row.id}
                stop={row.key === stop}
                toggle={() => toggle(row.key, row.open)}
                chosen={() => {
                  setCurrent(row.key);
                  look(row.id);
                }}
              />
            ) : null;
          })}
        </tbody>
      </table>
    </div>
  );
}

interface OutlineRowProps {
  row: Row;
  box: Box;
  looked: boolean;
  stop: boolean;
  toggle: () => void;
  chosen: () => void;
}

function OutlineRow({ row, box, looked, stop, toggle, chosen }: OutlineRowProps) {
  const { say } = useWords();
  const { title, kind } = useBoxWords(box);
  return (
    <tr
      data-key={row.key}
      data-id={row.id}
      aria-level={row.level}
      aria-posinset={row.place}
      aria-setsize={row.of}
      aria-expanded={row.opens ? row.open : undefined}
      aria-selected={looked}
      tabIndex={stop ? 0 : -1}
      onClick={chosen}
    >
      <th scope="row">
        <span className={styles.name} style={{ paddingInlineStart: `${(row.level - 1) * 1.25}rem` }}>
          <Twist row={row} toggle={toggle} />
          <span className={styles.side} title={say(`lineage.side.${row.side}` as MessageId)}>
            <span aria-hidden="true">{{ FOCUS: "●", UPSTREAM: "←", DOWNSTREAM: "→" }[row.side]}</span>
            <span className={styles.unseen}>{say(`lineage.side.${row.side}` as MessageId)}</span>
          </span>
          <Icon name={box.stack ? "stack" : kindIcon(box.label, box.kind)} size={16} />
          <bdi>{title}</bdi>
          {row.again && <span className="faint">{say("lineage.again")}</span>}
        </span>
      </th>
      <td>{kind}</td>
      <td>
        <BoxState box={box} />
      </td>
      <td>
        <TimeAgo time={box.at} />
      </td>
      <td>{box.hiddenUp + box.hiddenDown > 0 && say("lineage.hidden", { up: box.hiddenUp, down: box.hiddenDown })}</td>
    </tr>
  );
}

/** For the mouse; keys open and close the row itself. */
function Twist({ row, toggle }: { row: Row; toggle: () => void }) {
  if (!row.opens) return <span className={styles.twist} />;
  return (
    <span
      className={styles.twist}
      data-open={row.open}
      aria-hidden="true"
      onClick={(event) => {
        event.stopPropagation();
        toggle();
      }}
    >
      <Icon name="right" size={14} />
    </span>
  );
}
