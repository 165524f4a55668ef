/** The state of a run as a word with a sign: never by colour alone. */
import { useWords } from "@/lib/words";
import type { MessageId } from "@/lib/words";
import styles from "./state-badge.module.css";

const LOOKS: Record<string, { tone: string; sign: string }> = {
  complete: { tone: "ok", sign: "✓" },
  cached: { tone: "ok", sign: "↻" },
  ready: { tone: "ok", sign: "✓" },
  failed: { tone: "bad", sign: "✕" },
  aborted: { tone: "bad", sign: "⊘" },
  running: { tone: "busy", sign: "▶" },
  queued: { tone: "idle", sign: "…" },
  declared: { tone: "idle", sign: "…" },
  pending: { tone: "idle", sign: "…" },
  archived: { tone: "idle", sign: "▪" },
  deleted: { tone: "bad", sign: "⌫" },
  hidden: { tone: "idle", sign: "◌" },
  stub: { tone: "idle", sign: "?" },
};

/** What a state means for whoever looks: ok, bad, busy or idle. */
export const toneOf = (state: string): string | undefined => LOOKS[state.toLowerCase()]?.tone;

/** States are told in capitals by lists and in small letters by lineage. `brief`: where there is no room but for the
 * sign, the word is only read out. */
export function StateBadge({ state, brief = false }: { state: string; brief?: boolean }) {
  const { say } = useWords();
  const key = state.toLowerCase();
  const look = LOOKS[key];
  if (!look) return state ? <span className={styles.badge}>{state}</span> : null;
  const word = say(`state.${key}` as MessageId);
  return (
    <span className={styles.badge} data-tone={look.tone} {...(brief && { title: word })}>
      <span aria-hidden="true">{look.sign}</span> <span className={brief ? "unseen" : undefined}>{word}</span>
    </span>
  );
}
