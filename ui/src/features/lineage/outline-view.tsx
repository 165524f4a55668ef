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
import { SIDES, sideAct } from "./sides";
import type { SideAct, Sides } from "./sides";
import styles from "./outline-view.module.css";

export interface OutlineViewProps {
  scene: Scene;
  at: string | undefined;
  look: (id: string) => void;
  sides: Sides;
}

export function OutlineView({ scene, at, look, sides }: OutlineViewProps) {
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
    const act = row && actOf(scene.boxes.get(row.id), sides, SIGNS_OF[event.key] ?? []);
    if (act) {
      event.preventDefault();
      return act.act();
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
      <table ref={grid} role="treegrid" aria-label={say("lineage.outline")} aria-keyshortcuts="+ -" className={styles.grid} onKeyDown={pressed}>
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
                sides={sides}
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

const SIGNS_OF: Partial<Record<string, readonly SideAct["what"][]>> = { "+": ["open", "show"], "-": ["fold"] };

/** Of its sides the first with which one of these can be done: pressed again, the key goes on to the other. */
function actOf(box: Box | undefined, sides: Sides, what: readonly SideAct["what"][]): SideAct | undefined {
  const acts = box ? SIDES.map((mark) => sideAct(box, mark, sides)) : [];
  return acts.find((act) => act !== undefined && what.includes(act.what));
}

interface OutlineRowProps {
  row: Row;
  box: Box;
  looked: boolean;
  stop: boolean;
  sides: Sides;
  toggle: () => void;
  chosen: () => void;
}

function OutlineRow({ row, box, looked, stop, sides, toggle, chosen }: OutlineRowProps) {
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
            <span className="unseen">{say(`lineage.side.${row.side}` as MessageId)}</span>
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
      <td>
        <Beyond box={box} title={title} sides={sides} />
      </td>
    </tr>
  );
}

/** How much lies beyond it on each side, and the way there and back; the keys + and − of the row do the same. */
function Beyond({ box, title, sides }: { box: Box; title: string; sides: Sides }) {
  const { say } = useWords();
  const acts = SIDES.map((mark) => ({ side: mark === "<" ? ("up" as const) : ("down" as const), act: sideAct(box, mark, sides) }));
  if (acts.every(({ act }) => !act)) return box.hiddenUp + box.hiddenDown > 0 && say("lineage.hidden", { up: box.hiddenUp, down: box.hiddenDown });
  return acts.map(
    ({ side, act }) =>
      act && (
        <button
          key={side}
          type="button"
          tabIndex={-1}
          className={styles.beyond}
          title={say(`lineage.${act.what}.${side}`, { count: act.count, title })}
          onClick={(event) => {
            event.stopPropagation();
            act.act(event.shiftKey);
          }}
        >
          {say(`lineage.beyond.${act.what}.${side}`, { count: act.count })}
        </button>
      ),
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
