/** What the picture does not show, what became of what, and what has come since. */
import { useWords } from "@/lib/words";
import { tally } from "./difference";
import { SIGNS } from "./picture";
import type { Change, Scene } from "./scene";
import styles from "./lineage-page.module.css";

export interface NotesProps {
  scene: Scene | undefined;
  compared: boolean;
  news: number;
  show: () => void;
}

const CHANGES: readonly Change[] = ["added", "removed", "changed"];

export function Notes({ scene, compared, news, show }: NotesProps) {
  const { say } = useWords();
  const counts = scene && compared ? tally(scene) : undefined;
  return (
    <output className={styles.notes}>
      {scene?.partial && <span>{say("lineage.partial")}</span>}
      {scene && scene.boxes.size === 1 && <span>{say("lineage.alone")}</span>}
      {counts && (
        <span className={styles.legend}>
          {CHANGES.map((change) => (
            <span key={change}>
              {SIGNS[change]} {say(`lineage.changes.${change}`, { count: counts[change] })}
            </span>
          ))}
        </span>
      )}
      {news > 0 && (
        <button type="button" onClick={show}>
          {say("lineage.news", { count: news })}
        </button>
      )}
    </output>
  );
}
