/** Questions to the server and subscriptions: one way for all, with the errors of its one table. */
import { createClient } from "graphql-ws";
import type { Client } from "graphql-ws";
import type { TypedDocumentString } from "@/gql/graphql";
import { patiently } from "./patience";

/** `code` is the server's, or UNREACHABLE where nobody answered. */
export class AskError extends Error {
  readonly code: string;
  readonly retriable: boolean;

  constructor(code: string, message: string, retriable = false) {
    super(message);
    this.name = "AskError";
    this.code = code;
    this.retriable = retriable;
  }
}

/** The graph was away for as long as one waited: to ask again at once would only wait again. */
export class AwayError extends AskError {
  constructor(why: string) {
    super("UNAVAILABLE", why, true);
    this.name = "AwayError";
  }
}

const giveUp = (why: string): AwayError => new AwayError(why);

interface Answer<T> {
  data?: T | null;
  errors?: { message: string; extensions?: { code?: string; retriable?: boolean } }[];
}

/** The data of an operation; raises AskError. */
export async function ask<TResult, TVariables>(
  document: TypedDocumentString<TResult, TVariables>,
  variables: TVariables,
  signal?: AbortSignal,
): Promise<TResult> {
  const query = document.toString();
  const body = JSON.stringify({ query, variables });
  const headers = { "content-type": "application/json", accept: "application/json" };
  const send = async (until: AbortSignal | undefined): Promise<TResult> => {
    const response = await fetched("/graphql", { method: "POST", headers, body, ...(until ? { signal: until } : {}) });
    const answer = (await response.json().catch(() => ({}))) as Answer<TResult>;
    const [error] = answer.errors ?? [];
    if (error) throw new AskError(error.extensions?.code ?? "INTERNAL", error.message, error.extensions?.retriable);
    if (!answer.data) throw new AskError("INTERNAL", `HTTP ${response.status}`);
    return answer.data;
  };
  // What became of a change one wants to know, however long it takes.
  return query.trimStart().startsWith("mutation") ? send(signal) : patiently(send, signal, giveUp);
}

/** Exchanges a token for a cookie that no script can read; raises AskError. */
export async function signIn(token: string): Promise<void> {
  await askPlain("/api/v1/session", { method: "POST", headers: { authorization: `Bearer ${token}` } });
}

/** Ends the session of this browser. */
export async function signOut(): Promise<void> {
  await fetched("/api/v1/session", { method: "DELETE" });
  socket?.terminate();
}

/** The answer of another address of the server's; raises AskError. */
export async function askPlain(path: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetched(path, init);
  if (response.ok) return response;
  const told = (await response.json().catch(() => ({}))) as { error?: string; message?: string; retriable?: boolean };
  throw new AskError(told.error ?? "INTERNAL", told.message ?? `HTTP ${response.status}`, told.retriable);
}

/** As `fetch`; raises AskError where nobody answers. */
export async function fetched(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new AskError("UNREACHABLE", String(error), true);
  }
}

// --- subscriptions --------------------------------------------------------------------------------

const AGAIN_MILLISECONDS = 1_000;
let socket: Client | undefined;

/** One socket a tab, opened by the first subscription and closed after the last. */
function opened(): Client {
  const address = new URL("/graphql", window.location.href);
  address.protocol = address.protocol.replace("http", "ws");
  socket ??= createClient({ url: address.href, retryAttempts: Infinity, shouldRetry: () => true });
  return socket;
}

/** Calls `told` with each notice until the returned function is called. A stream that ends (the server
 * ends each after ten minutes) or breaks begins again. Each time it has begun, its first notice says so: read anew
 * what is shown, for what was read before may have changed before anybody was told. */
export function follow<TResult, TVariables extends { resync?: boolean }>(
  document: TypedDocumentString<TResult, TVariables>,
  variables: TVariables,
  told: (notice: TResult) => void,
): () => void {
  let over = false;
  let timer: number | undefined;
  let stop = () => {};
  const begin = (): void => {
    const again = (): void => {
      if (!over) timer = window.setTimeout(begin, AGAIN_MILLISECONDS);
    };
    stop = opened().subscribe<TResult>(
      { query: document.toString(), variables: { ...variables, resync: true } },
      { next: ({ data }) => data && told(data), error: again, complete: again },
    );
  };
  begin();
  return () => {
    over = true;
    window.clearTimeout(timer);
    stop();
  };
}
