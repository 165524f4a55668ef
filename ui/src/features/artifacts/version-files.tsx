/** The files of a version: a look at one, each by itself, or all of them. */
import { useState } from "react";
import { Button, Skeleton, TextInput } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { ListTable } from "@/components/list-table";
import { Dialog } from "@/components/dialog";
import { EmptyState } from "@/components/empty-state";
import { More } from "@/components/more";
import { Trouble } from "@/components/trouble";
import { bytes, count } from "@/lib/format";
import { useWords } from "@/lib/words";
import { downloadOf, filesOf } from "@/lib/stored";
import type { StoredFile } from "@/lib/stored";
import { VersionPreview } from "./version-preview";
import type { Version } from "./version-query";
import styles from "./artifacts.module.css";

/** More rows than anybody reads; what is sought is found by its name. */
const MOST_SHOWN = 500;

export function VersionFiles({ version }: { version: Version }) {
  const { say, language } = useWords();
  const [sought, setSought] = useState("");
  const [looked, setLooked] = useState<string>();
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ["files", version.uid],
    queryFn: ({ pageParam, signal }) => filesOf(version.uid, pageParam, signal),
    initialPageParam: "",
    getNextPageParam: ({ after }) => after || null,
    enabled: version.storedAt !== null,
  });
  if (version.storedAt === null) {
    return <EmptyState kind="none" title={say("version.kept.not")} why={say("version.kept.why")} />;
  }
  if (error && !data) return <Trouble error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton height={240} />;
  const files = data.pages.flatMap((page) => page.files);
  const found = files.filter(({ path }) => path.toLowerCase().includes(sought.toLowerCase()));
  const shown = found.slice(0, MOST_SHOWN);
  return (
    <>
      {files.length > 10 && (
        <TextInput label={say("filter.text")} value={sought} onChange={(event) => setSought(event.currentTarget.value)} />
      )}
      <p className="faint">{say("files.count", { shown: count(shown.length, language), total: count(found.length, language) })}</p>
      <ListTable label={say("version.files")} columns={[say("files.path"), say("version.size"), say("version.digest"), ""]}>
        {shown.map((file) => (
          <FileRow key={file.path} file={file} version={version} look={() => setLooked(file.path)} />
        ))}
      </ListTable>
      <More left={hasNextPage} loading={isFetchingNextPage} ask={fetchNextPage} />
      <Dialog title={say("files.look")} opened={looked !== undefined} close={() => setLooked(undefined)} size="xl">
        {looked !== undefined && <VersionPreview version={version} path={looked} />}
      </Dialog>
    </>
  );
}

function FileRow({ file, version, look }: { file: StoredFile; version: Version; look: () => void }) {
  const { say, language } = useWords();
  const { path, size, sha256, link } = file;
  return (
    <tr>
      <th scope="row">
        <bdi>{path}</bdi>
        {link !== null && <bdi className="faint"> → {link}</bdi>}
      </th>
      <td data-value>{size !== null && bytes(size, language)}</td>
      <td>
        <code title={sha256 ?? undefined}>{sha256?.slice(0, 12)}</code>
      </td>
      <td>
        {sha256 !== null && (
          <div className={styles.list}>
            <span>
              <Button size="compact-xs" variant="subtle" onClick={look} aria-label={say("files.look.at", { path })}>
                {say("files.look")}
              </Button>{" "}
              <a href={downloadOf(version.uid, path)} download={path.split("/").at(-1)} aria-label={say("files.get.one", { path })}>
                {say("files.get")}
              </a>
            </span>
          </div>
        )}
      </td>
    </tr>
  );
}
