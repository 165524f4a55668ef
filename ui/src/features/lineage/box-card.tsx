/** One box as a card: what it is, its state, and the way further on each side. */
import { Icon } from "@/components/icon";
import { kindHue, kindIcon } from "@/components/kinds";
import { toneOf } from "@/components/state-badge";
import { useWords } from "@/lib/words";
import { BoxChange, BoxState, useBoxWords } from "./box-words";
import type { Box } from "./scene";
import styles from "./box-card.module.css";

export interface BoxCardProps {
  box: Box;
  focus: boolean;
  looked: boolean;
  dim: boolean;
  level: "full" | "compact";
  /** what was opened already */
  opened: readonly string[];
  /** came or changed just now */
  fresh: boolean;
  look: (id: string, other?: boolean) => void;
  expand: (told: string) => void;
}

export function BoxCard({ box, focus, looked, dim, level, opened, fresh, look, expand }: BoxCardProps) {
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
            <span className={styles.kind}>{kind}</span>
            <BoxState box={box} />
          </span>
        </span>
      </button>
      <Further side="<" count={box.hiddenUp} box={box} title={title} opened={opened} expand={expand} />
      <Further side=">" count={box.hiddenDown} box={box} title={title} opened={opened} expand={expand} />
    </div>
  );
}

interface FurtherProps {
  side: "<" | ">";
  count: number;
  box: Box;
  title: string;
  opened: readonly string[];
  expand: (told: string) => void;
}

function Further({ side, count, box, title, opened, expand }: FurtherProps) {
  const { say } = useWords();
  const told = side + box.id;
  if (count === 0 || box.stack || box.opaque || opened.includes(told)) return null;
  const name = say(side === "<" ? "lineage.open.up" : "lineage.open.down", { count, title });
  return (
    <button type="button" className={styles.further} data-side={side} aria-label={name} title={name} onClick={() => expand(told)}>
      +{count}
    </button>
  );
}
