/** Whether the parts of the server work, as it says itself. */
import { useEffect, useRef, useState } from "react";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { AskError, fetched } from "./graphql";

export interface Part {
  name: string;
  ok: boolean;
  /** a sentence in English, the name of it, or the code of the error that it is, and the figures in it */
  detail: string;
  told: string;
  values: Readonly<Record<string, number>>;
}

const AGAIN_MILLISECONDS = 10_000;
/** While something is away, somebody waits for it. */
const AWAY_MILLISECONDS = 2_000;

async function partsNow(signal: AbortSignal): Promise<Part[]> {
  const answer = await fetched("/readyz?verbose", { signal });
  // 503 is an answer, too: it says which part is away.
  const told = (await answer.json().catch(() => ({}))) as { parts?: Record<string, Omit<Part, "name">> };
  if (!told.parts) throw new AskError("INTERNAL", `HTTP ${answer.status}`);
  return Object.entries(told.parts).map(([name, part]) => ({ name, ...part }));
}

export const healthQuery = queryOptions({
  queryKey: ["health"],
  queryFn: ({ signal }) => partsNow(signal),
  retry: false,
  refetchInterval: ({ state }) => (isWell(state.data) && !state.error ? AGAIN_MILLISECONDS : AWAY_MILLISECONDS),
});

const isWell = (parts: readonly Part[] | undefined): boolean => parts?.every(({ ok }) => ok) ?? false;

/** What a question that failed so may be asked again for: somebody or something was away. */
export const wasAway = (error: unknown): boolean => error instanceof AskError && error.retriable;

/** Calls `again` each time that the server says, since this was first drawn, that all of it works. */
export function useWhenWell(again: () => void): void {
  const { data, error, dataUpdatedAt } = useQuery(healthQuery);
  const [since] = useState(() => Date.now());
  const last = useRef(again);
  useEffect(() => {
    last.current = again;
  });
  const wellAt = isWell(data) && !error && dataUpdatedAt > since ? dataUpdatedAt : undefined;
  useEffect(() => {
    if (wellAt !== undefined) last.current();
  }, [wellAt]);
}
