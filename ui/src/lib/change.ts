/** Changes on the server: sent once, with what is wrong in words, and everything shown read anew after. */
import { useRef } from "react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { TypedDocumentString } from "@/gql/graphql";
import { AskError, ask } from "./graphql";

interface Problem {
  code: string;
  message: string;
  field: string;
  allowed: string;
  current?: string;
}

/** What the server would not do, and what stands there where that is why. */
export class ProblemError extends AskError {
  readonly field: string;
  readonly allowed: string;
  readonly current: string;

  constructor({ code, message, field, allowed, current = "" }: Problem) {
    super(code, message);
    this.name = "ProblemError";
    this.field = field;
    this.allowed = allowed;
    this.current = current;
  }
}

/** The payload of a mutation, which is the one field of its answer; raises AskError or ProblemError. */
export async function change<TResult extends object, TVariables>(
  document: TypedDocumentString<TResult, TVariables>,
  variables: TVariables,
): Promise<Exclude<TResult[keyof TResult], string | undefined>> {
  const answer = await ask(document, variables);
  const payload = Object.values(answer).find((one) => typeof one === "object" && one !== null) as { problems?: Problem[] } | undefined;
  const [problem] = payload?.problems ?? [];
  if (problem) throw new ProblemError(problem);
  return payload as never;
}

export interface Change<T> {
  /** Sends it; false where it was refused, `trouble` then says why, and where the same is under way already. */
  send: (sent: T) => Promise<boolean>;
  busy: boolean;
  trouble: Error | null;
  clear: () => void;
}

/** One kind of change, as a component needs it. */
export function useChange<T>(work: (sent: T) => Promise<unknown>): Change<T> {
  const queries = useQueryClient();
  const { mutateAsync, isPending, error, reset } = useMutation({
    mutationFn: work,
    onSuccess: () => queries.invalidateQueries(),
    onError: () => void queries.invalidateQueries(), // why it failed is told at once, also where nobody answers any more
  });
  const underWay = useRef(new Set<string>()); // that it is busy shows only a moment later: who clicks twice still sends once
  const send = async (sent: T): Promise<boolean> => {
    const what = JSON.stringify(sent);
    if (underWay.current.has(what)) return false;
    underWay.current.add(what);
    const done = await mutateAsync(sent).then(
      () => true,
      () => false,
    );
    underWay.current.delete(what);
    return done;
  };
  return { send, busy: isPending, trouble: error, clear: reset };
}
