/** One box as a card: what it is, its state, and the way further on each side. */
import { Icon } from "@/components/icon";
import { kindHue, kindIcon } from "@/components/kinds";
import { toneOf } from "@/components/state-badge";
import { useWords } from "@/lib/words";
import { BoxChange, BoxState, useBoxWords } from "./box-words";
import type { Box } from "./scene";
import { SIDES, sideAct } from "./sides";
import type { SideMark, Sides } from "./sides";
import styles from "./box-card.module.css";

export interface BoxCardProps {
  box: Box;
  focus: boolean;
  looked: boolean;
  dim: boolean;
  level: "full" | "compact";
  sides: Sides;
  /** came or changed just now */
  fresh: boolean;
  look: (id: string, other?: boolean) => void;
}

export function BoxCard({ box, focus, looked, dim, level, sides, fresh, look }: BoxCardProps) {
  const { title, kind } = useBoxWords(box);
  return (
    <div
      className={styles.card}
      data-id={box.id}
      data-hue={kindHue(box.label, box.kind)}
      data-level={level}
      data-focus={focus || undefined}
      data-stack={box.stack ? true : undefined}
      data-looked={looked || undefined}
      data-dim={dim || undefined}
      data-change={box.change ?? undefined}
      data-fresh={fresh || undefined}
      data-tone={box.label === "Run" ? toneOf(box.state) : undefined}
    >
      {box.change && (
        <span className={styles.sign}>
          <BoxChange box={box} />
        </span>
      )}
      <button type="button" className={styles.main} aria-pressed={looked} onClick={(event) => look(box.id, event.shiftKey)}>
        <span className={styles.icon}>
          <Icon name={box.stack ? "stack" : kindIcon(box.label, box.kind)} size={level === "full" ? 20 : 30} />
        </span>
        <span className={styles.words}>
          <bdi className={styles.title} title={title}>
            {title}
          </bdi>
          <span className={styles.line}>
            {!box.stack?.best && <span className={styles.kind}>{kind}</span>}
            <BoxState box={box} narrow />
          </span>
        </span>
      </button>
      {SIDES.map((mark) => (
        <Further key={mark} mark={mark} box={box} title={title} sides={sides} />
      ))}
    </div>
  );
}

interface FurtherProps {
  mark: SideMark;
  box: Box;
  title: string;
  sides: Sides;
}

/** The way further on a side; the way back where that was gone, or where a branch is hidden. */
function Further({ mark, box, title, sides }: FurtherProps) {
  const { say } = useWords();
  const act = sideAct(box, mark, sides);
  if (!act) return null;
  const name = say(`lineage.${act.what}.${mark === "<" ? "up" : "down"}`, { count: act.count, title });
  return (
    <button
      type="button"
      className={styles.further}
      data-side={mark}
      data-what={act.what}
      aria-label={name}
      title={act.what === "open" ? `${name}\n${say("lineage.open.far")}` : name}
      onClick={(event) => act.act(event.shiftKey)}
    >
      {act.what === "fold" ? "−" : say("lineage.more", { count: act.count })}
    </button>
  );
}
