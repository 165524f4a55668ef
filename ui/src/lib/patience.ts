/** How long one waits for an answer: as long as it takes, unless the server says meanwhile that the graph is away. */

/** After this long one asks whether there is anything to wait for, and then again. */
const SLOW_MILLISECONDS = 1_500;
/** Of the server, which gives the graph three seconds. */
const ANSWER_MILLISECONDS = 4_500;

let asking: Promise<string | undefined> | undefined;

/** What the server says of a graph that is away; undefined where it is not, or where nothing can be learned now. */
async function whyAway(): Promise<string | undefined> {
  try {
    const answer = await fetch("/readyz?verbose", { signal: AbortSignal.timeout(ANSWER_MILLISECONDS) });
    const { parts } = (await answer.json()) as { parts?: Record<string, { ok: boolean; detail: string }> };
    return parts?.["graph"]?.ok === false ? parts["graph"].detail : undefined;
  } catch {
    return undefined;
  }
}

/** However many wait, one asks. */
function whyAwayNow(): Promise<string | undefined> {
  asking ??= whyAway().finally(() => (asking = undefined));
  return asking;
}

/** The answer of `work`; `giveUp` makes the error where nothing is to be waited for. */
export async function patiently<T>(
  work: (signal: AbortSignal) => Promise<T>,
  outer: AbortSignal | undefined,
  giveUp: (why: string) => Error,
): Promise<T> {
  const gone = new AbortController();
  const leave = (): void => gone.abort();
  if (outer?.aborted) leave();
  outer?.addEventListener("abort", leave, { once: true });
  let over = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const away = new Promise<never>((_, reject) => {
    const look = async (): Promise<void> => {
      const why = await whyAwayNow();
      if (over) return;
      if (why === undefined) timer = setTimeout(() => void look(), SLOW_MILLISECONDS);
      else reject(giveUp(why));
    };
    timer = setTimeout(() => void look(), SLOW_MILLISECONDS);
  });
  const answer = work(gone.signal);
  try {
    return await Promise.race([answer, away]);
  } finally {
    over = true;
    clearTimeout(timer);
    outer?.removeEventListener("abort", leave);
    answer.catch(() => undefined); // one that was not waited for is nobody's error
    leave();
  }
}
