/** What is in a stored file, as far as it can be shown: never as a page or a script of its own. */
import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { AskError } from "@/lib/graphql";
import { previewQuery } from "@/lib/preview";
import { useWords } from "@/lib/words";
import { KnownTable } from "./charts/known-table";
import { Trouble } from "./trouble";
import styles from "./file-preview.module.css";

export function FilePreview({ uid, name }: { uid: string; name: string }) {
  const { say } = useWords();
  const { data, error, refetch } = useQuery({ ...previewQuery(uid), retry: false });
  if (error instanceof AskError && error.code === "NOT_FOUND") return <p className="faint">{say("file.elsewhere")}</p>;
  if (error) return <Trouble error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton height={180} />;
  if (data.kind === "image") return <img className={styles.image} src={data.address} alt={name} />;
  if (data.kind === "none") {
    return (
      <>
        <p className="faint">{say(`file.none.${data.why}`)}</p>
        {data.why === "table" && (
          <p className="faint" lang="en">
            {data.reason}
          </p>
        )}
      </>
    );
  }
  return (
    <>
      {data.kind === "table" ? (
        <KnownTable title={name} table={data} />
      ) : (
        <section className={styles.text} tabIndex={0} aria-label={name}>
          <pre>{data.text}</pre>
        </section>
      )}
      {!data.whole && <p className="faint">{say(data.kind === "table" ? "file.rows.more" : "file.text.more")}</p>}
    </>
  );
}
