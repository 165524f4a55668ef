/** A look at a stored file: an image, the first rows of a table, the beginning of a text. */
import { queryOptions } from "@tanstack/react-query";
import { AskError, fetched } from "./graphql";

export interface Table {
  columns: { name: string; type: string }[];
  rows: unknown[][];
}

export type Preview =
  | { kind: "image"; address: string }
  | ({ kind: "table"; whole: boolean } & Table)
  | { kind: "text"; text: string; whole: boolean }
  /** `reason` is the server's own, in English */
  | { kind: "none"; why: "unknown" | "image" | "table" | "spoilt"; reason: string };

const ROWS = 1_000;

export const previewQuery = (uid: string) =>
  queryOptions({
    queryKey: ["preview", uid],
    queryFn: ({ signal }) => look(uid, signal),
    staleTime: Infinity, // a version never changes
  });

/** Raises AskError; NOT_FOUND where no bytes of the version are kept here. */
async function look(uid: string, signal: AbortSignal): Promise<Preview> {
  const address = `/api/v1/artifacts/preview?${new URLSearchParams({ uid, rows: String(ROWS) })}`;
  const response = await fetched(address, { signal });
  if (response.headers.get("content-type")?.startsWith("image/")) {
    // The browser has it already when it shows the image.
    await response.blob();
    return { kind: "image", address };
  }
  const told: unknown = await response.json().catch(() => ({}));
  if (!response.ok) {
    const { error, message } = told as { error?: string; message?: string };
    throw new AskError(error ?? "INTERNAL", message ?? `HTTP ${response.status}`);
  }
  return told as Preview;
}
