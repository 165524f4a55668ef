/** Whether a part works: a word with a sign, never a colour alone. */
import { useWords } from "@/lib/words";
import styles from "./state-badge.module.css";

export function PartState({ ok }: { ok: boolean }) {
  const { say } = useWords();
  return (
    <span className={styles.badge} data-tone={ok ? "ok" : "bad"}>
      <span aria-hidden="true">{ok ? "✓" : "✕"}</span> {say(ok ? "admin.ok" : "admin.down")}
    </span>
  );
}
