/** Whether the parts of the server work, as it says itself. */
import { queryOptions } from "@tanstack/react-query";
import { AskError } from "./graphql";

export interface Part {
  name: string;
  ok: boolean;
  detail: string;
}

const AGAIN_MILLISECONDS = 10_000;

async function partsNow(signal: AbortSignal): Promise<Part[]> {
  let answer: Response;
  try {
    answer = await fetch("/readyz?verbose", { signal });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new AskError("UNREACHABLE", String(error), true);
  }
  // 503 is an answer, too: it says which part is away.
  const told = (await answer.json().catch(() => ({}))) as { parts?: Record<string, Omit<Part, "name">> };
  if (!told.parts) throw new AskError("INTERNAL", `HTTP ${answer.status}`);
  return Object.entries(told.parts).map(([name, part]) => ({ name, ...part }));
}

export const healthQuery = queryOptions({
  queryKey: ["health"],
  queryFn: ({ signal }) => partsNow(signal),
  refetchInterval: AGAIN_MILLISECONDS,
});
