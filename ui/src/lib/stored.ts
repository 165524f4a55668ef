/** Bytes that are kept of versions: which files there are, a look at one, where to get them. */
import { askPlain } from "./graphql";

export interface StoredFile {
  path: string;
  size: number | null;
  sha256: string | null;
  /** where a link leads */
  link: string | null;
}

export interface FilePage {
  files: StoredFile[];
  /** asks for the next page; empty where this is the last */
  after: string;
}

interface Told {
  manifest: { entries: { path: string; size?: number; sha256?: string; link?: string }[] };
  after: string;
}

/** A page of the files of a version, by path; raises AskError. */
export async function filesOf(uid: string, after: string, signal: AbortSignal): Promise<FilePage> {
  const asked = { uid, after, locate: false };
  const headers = { "content-type": "application/json" };
  const answer = await askPlain("/api/v1/artifacts/downloads", { method: "POST", headers, body: JSON.stringify(asked), signal });
  const { manifest, after: next } = (await answer.json()) as Told;
  const files = manifest.entries.map(({ path, size = null, sha256 = null, link = null }) => ({ path, size, sha256, link }));
  return { files, after: next };
}

/** Every file of a version, as far as `most`; `cut` where there are more. */
export async function allFilesOf(uid: string, signal: AbortSignal, most = 20_000): Promise<{ files: StoredFile[]; cut: boolean }> {
  const files: StoredFile[] = [];
  let after = "";
  do {
    const page = await filesOf(uid, after, signal); // each page says where the next one begins
    files.push(...page.files);
    after = page.after;
  } while (after && files.length < most);
  return { files, cut: after !== "" };
}

/** A version that is one file of text, all of it; raises AskError. */
export async function textOf(uid: string, signal: AbortSignal): Promise<{ path: string; text: string }> {
  const { files } = await filesOf(uid, "", signal);
  const path = files[0]?.path ?? "";
  const answer = await askPlain(downloadOf(uid, path), { signal });
  return { path, text: await answer.text() };
}

export interface Look {
  path: string;
  kind: "table" | "text" | "image" | "none";
  /** there is no more of it than this */
  whole: boolean;
  reason: string;
  columns: { name: string; type: string }[];
  rows: unknown[][];
  text: string;
  image?: Blob;
}

/** A look at one file, at the first where `path` is empty, with so many rows of a table; raises AskError. */
export async function lookAt(uid: string, path: string, signal: AbortSignal, rows?: number): Promise<Look> {
  const asked = { uid, path, ...(rows === undefined ? {} : { rows: String(rows) }) };
  const answer = await askPlain(`/api/v1/artifacts/preview?${new URLSearchParams(asked)}`, { signal });
  if (!answer.headers.get("content-type")?.startsWith("image/")) return (await answer.json()) as Look;
  const of = decodeURIComponent(answer.headers.get("x-lineage-path") ?? "");
  return { path: of, kind: "image", whole: true, reason: "", columns: [], rows: [], text: "", image: await answer.blob() };
}

/** Where a browser gets one file, or, without a path, all of them in one archive. */
export function downloadOf(uid: string, path?: string): string {
  return `/api/v1/artifacts/files?${new URLSearchParams(path === undefined ? { uid } : { uid, path })}`;
}
