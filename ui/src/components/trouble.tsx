/** What went wrong, in words for people, by the code of the server's one table of errors. */
import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { AskError } from "@/lib/graphql";
import { useWords } from "@/lib/words";
import type { MessageId } from "@/lib/words";
import { EmptyState } from "./empty-state";
import type { EmptyKind } from "./empty-state";

const KNOWN = ["BAD_INPUT", "UNAUTHENTICATED", "NOT_FOUND", "FORBIDDEN", "LIMIT", "UNAVAILABLE", "NOT_SUPPORTED", "UNREACHABLE"];

/** Asked again, the answer is the same. */
const LASTING = ["BAD_INPUT", "LIMIT", "NOT_SUPPORTED"];

function kindOf(code: string): EmptyKind {
  if (code === "FORBIDDEN" || code === "UNAUTHENTICATED") return "forbidden";
  return code === "NOT_FOUND" ? "none" : "down";
}

export interface TroubleProps {
  error: unknown;
  retry?: () => void;
  /** see `EmptyState` */
  alone?: boolean;
}

export function Trouble({ error, retry, alone = false }: TroubleProps) {
  const { say } = useWords();
  const code = error instanceof AskError && KNOWN.includes(error.code) ? error.code : "INTERNAL";
  const details = error instanceof Error ? error.message : String(error);
  return (
    <EmptyState
      alone={alone}
      kind={kindOf(code)}
      title={say(`error.${code}` as MessageId)}
      why={
        <>
          <p>{say(`error.${code}.what` as MessageId)}</p>
          <p lang="en">
            <code>{details}</code>
          </p>
        </>
      }
      action={retry && (LASTING.includes(code) ? <Link to="/">{say("missing.home")}</Link> : <Button onClick={retry}>{say("action.retry")}</Button>)}
    />
  );
}
