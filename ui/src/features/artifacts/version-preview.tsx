/** The beginning of what is in a version: rows, words or a picture; never run, whatever it is. */
import { useEffect, useRef } from "react";
import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { ListTable } from "@/components/list-table";
import { EmptyState } from "@/components/empty-state";
import { Trouble } from "@/components/trouble";
import { useWords } from "@/lib/words";
import { lookAt } from "@/lib/stored";
import type { Look } from "@/lib/stored";
import type { Version } from "./version-query";
import styles from "./artifacts.module.css";

export function VersionPreview({ version, path = "" }: { version: Version; path?: string }) {
  const { say } = useWords();
  const { data, error, refetch } = useQuery({
    queryKey: ["look", version.uid, path],
    queryFn: ({ signal }) => lookAt(version.uid, path, signal),
    enabled: version.storedAt !== null,
  });
  if (version.storedAt === null) {
    return <EmptyState kind="none" title={say("version.kept.not")} why={say("version.kept.why")} />;
  }
  if (error && !data) return <Trouble error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton height={240} />;
  return (
    <>
      <p className="faint">
        <bdi>{data.path}</bdi> {!data.whole && data.kind !== "none" && <span>· {say("preview.beginning")}</span>}
      </p>
      <Shown look={data} />
    </>
  );
}

function Shown({ look }: { look: Look }) {
  const { say } = useWords();
  if (look.kind === "image" && look.image) return <Picture image={look.image} name={look.path} />;
  if (look.kind === "text") {
    return (
      <pre className={styles.text} tabIndex={0} dir="auto">
        {look.text}
      </pre>
    );
  }
  if (look.kind === "table") return <Rows look={look} />;
  return (
    <EmptyState
      kind="none"
      title={say("preview.none")}
      why={
        <p lang="en">
          <code>{look.reason}</code>
        </p>
      }
    />
  );
}

function Rows({ look }: { look: Look }) {
  const { say } = useWords();
  return (
    <ListTable label={say("version.preview")} columns={look.columns.map(columnName)}>
      {look.rows.map((row, at) => (
        <tr key={at}>
          {row.map((cell, column) => (
            <td key={column}>
              <bdi className={styles.cell}>{words(cell)}</bdi>
            </td>
          ))}
        </tr>
      ))}
    </ListTable>
  );
}

function columnName({ name, type }: { name: string; type: string }) {
  return (
    <bdi key={name} title={type}>
      {name}
    </bdi>
  );
}

function words(cell: unknown): string {
  if (cell === null || cell === undefined) return "";
  return typeof cell === "object" ? JSON.stringify(cell) : String(cell);
}

function Picture({ image, name }: { image: Blob; name: string }) {
  const shown = useRef<HTMLImageElement>(null);
  useEffect(() => {
    const url = URL.createObjectURL(image);
    if (shown.current) shown.current.src = url;
    return () => URL.revokeObjectURL(url);
  }, [image]);
  return <img ref={shown} className={styles.image} alt={name} />;
}
