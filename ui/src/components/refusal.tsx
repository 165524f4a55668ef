/** Why a change was not made, beside the button that asked for it. */
import { AskError } from "@/lib/graphql";
import { ProblemError } from "@/lib/change";
import { useWords } from "@/lib/words";
import type { MessageId } from "@/lib/words";
import styles from "./refusal.module.css";

const KNOWN = ["BAD_INPUT", "CONFLICT", "UNAUTHENTICATED", "NOT_FOUND", "FORBIDDEN", "LIMIT", "UNAVAILABLE", "NOT_SUPPORTED", "UNREACHABLE"];

export function Refusal({ trouble }: { trouble: unknown }) {
  const { say } = useWords();
  if (!trouble) return null;
  const code = trouble instanceof AskError && KNOWN.includes(trouble.code) ? trouble.code : "INTERNAL";
  const [current, allowed] = trouble instanceof ProblemError ? [trouble.current, trouble.allowed] : ["", ""];
  return (
    <div role="alert" className={styles.refusal}>
      <strong>{say(`refused.${code}` as MessageId)}</strong>
      {current && <p>{say("refused.current", { current })}</p>}
      <p lang="en">
        <code>{trouble instanceof Error ? trouble.message : String(trouble)}</code>
      </p>
      {allowed && (
        <p lang="en">
          <code>{allowed}</code>
        </p>
      )}
    </div>
  );
}
