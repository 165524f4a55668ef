/** What is different inside two versions: of texts and tables line by line and row by row, of pictures both. As
 * far as the server looks into files: what is said of the beginning of one holds for that only. */
import { useState } from "react";
import { NativeSelect, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { AskError } from "@/lib/graphql";
import { allFilesOf, lookAt } from "@/lib/stored";
import type { Look, StoredFile } from "@/lib/stored";
import { useWords } from "@/lib/words";
import { Trouble } from "../trouble";
import { linesBetween } from "./lines";
import { LineTable, RowTable } from "./shown";
import { tableBetween } from "./rows";
import styles from "./content-diff.module.css";

export interface NamedVersion {
  uid: string;
  name: string;
}

export interface ContentDiffProps {
  before: NamedVersion;
  after: NamedVersion;
}

interface Pair {
  before: string;
  after: string;
}

export function ContentDiff({ before, after }: ContentDiffProps) {
  const { say } = useWords();
  const [chosen, setChosen] = useState<string>();
  const { data, error, refetch } = useQuery({
    queryKey: ["files of both", before.uid, after.uid],
    queryFn: async ({ signal }) => {
      const [was, is] = await Promise.all([allFilesOf(before.uid, signal), allFilesOf(after.uid, signal)]);
      return pairsOf(was.files, is.files);
    },
    staleTime: Infinity, // versions never change
    retry: false,
  });
  if (error instanceof AskError && error.code === "NOT_FOUND") return <p className="faint">{say("file.elsewhere")}</p>;
  if (error) return <Trouble error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton height={160} />;
  const pair = data.find((one) => one.after === chosen) ?? data[0];
  if (!pair) return <p className="faint">{say("content.same")}</p>;
  return (
    <div className={styles.content}>
      {data.length > 1 && (
        <NativeSelect
          label={say("content.file", { count: data.length })}
          value={pair.after}
          onChange={(event) => setChosen(event.currentTarget.value)}
          data={data.map((one) => ({ value: one.after, label: one.after }))}
        />
      )}
      <FileDiff key={`${pair.before} ${pair.after}`} before={before} after={after} pair={pair} />
    </div>
  );
}

/** Files that both have and that differ, by path; where each has one, these whatever they are called. */
function pairsOf(before: readonly StoredFile[], after: readonly StoredFile[]): Pair[] {
  const [was, is] = [before[0], after[0]];
  if (was && is && before.length === 1 && after.length === 1) return was.sha256 === is.sha256 ? [] : [{ before: was.path, after: is.path }];
  const old = new Map(before.map((one) => [one.path, one.sha256]));
  return after.filter(({ path, sha256 }) => sha256 !== null && old.has(path) && old.get(path) !== sha256).map(({ path }) => ({ before: path, after: path }));
}

const ROWS = 1_000;

function FileDiff({ before, after, pair }: ContentDiffProps & { pair: Pair }) {
  const { say } = useWords();
  const { data, error, refetch } = useQuery({
    queryKey: ["looks at both", before.uid, after.uid, pair],
    queryFn: ({ signal }) => Promise.all([lookAt(before.uid, pair.before, signal, ROWS), lookAt(after.uid, pair.after, signal, ROWS)]),
    staleTime: Infinity,
  });
  if (error && !data) return <Trouble error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton height={160} />;
  const [was, is] = data;
  return (
    <>
      {!(was.whole && is.whole) && <p className="faint">{say("content.beginning")}</p>}
      <Laid was={was} is={is} before={before} after={after} />
    </>
  );
}

function Laid({ was, is, before, after }: ContentDiffProps & { was: Look; is: Look }) {
  const { say } = useWords();
  if (was.kind === "text" && is.kind === "text") {
    const lines = linesBetween(was.text, is.text);
    if (!lines) return <p className="faint">{say("content.much")}</p>;
    return lines.some(({ sign }) => sign === "added" || sign === "removed") ? <LineTable lines={lines} /> : <p className="faint">{say("content.same.shown")}</p>;
  }
  if (was.kind === "table" && is.kind === "table") {
    const found = tableBetween(was, is);
    if (!found) return <p className="faint">{say("content.much")}</p>;
    return <RowTable found={found} />;
  }
  if (was.kind === "image" && is.kind === "image") {
    return (
      <div className={styles.pictures}>
        <Picture version={before} path={was.path} />
        <Picture version={after} path={is.path} />
      </div>
    );
  }
  return (
    <p className="faint">
      {say("content.none")}{" "}
      {[was.reason, is.reason].filter(Boolean).length > 0 && <bdi lang="en">{[...new Set([was.reason, is.reason])].filter(Boolean).join("; ")}</bdi>}
    </p>
  );
}

function Picture({ version: { uid, name }, path }: { version: NamedVersion; path: string }) {
  return (
    <figure>
      <img src={`/api/v1/artifacts/preview?${new URLSearchParams({ uid, path })}`} alt={name} />
      <figcaption>
        <bdi>{name}</bdi>
      </figcaption>
    </figure>
  );
}
