/** Two versions of one artifact: what differs in them, and what led to it. */
import { NativeSelect, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { ListTable } from "@/components/list-table";
import { EmptyState } from "@/components/empty-state";
import { later } from "@/components/later";
import { Trouble } from "@/components/trouble";
import { LineageDiffDocument } from "@/gql/graphql";
import { figure } from "@/lib/format";
import { ask } from "@/lib/graphql";
import { useWords } from "@/lib/words";
import { columnsBetween, figuresBetween, filesBetween } from "./diffing";
import type { Difference } from "./diffing";
import { statsOf } from "./statistics";
import { allFilesOf } from "@/lib/stored";
import { versionName } from "./version-name";
import type { ListedVersion } from "./version-name";
import { versionQuery } from "./version-query";
import type { Version } from "./version-query";
import styles from "./artifacts.module.css";

const ContentDiff = later(() => import("@/components/content-diff/content-diff").then(({ ContentDiff: it }) => it), () => <Skeleton height={160} />);

const nameOf = (version: Version): string => `${version.name}${versionName(version)}`;

export interface VersionComparedProps {
  version: Version;
  others: readonly ListedVersion[];
  project: string;
}

export function VersionCompared({ version, others }: VersionComparedProps) {
  const { say, language } = useWords();
  const { with: chosen } = useSearch({ from: "/p/$project/artifact" });
  const navigate = useNavigate({ from: "/p/$project/artifact" });
  const rest = others.filter(({ uid }) => uid !== version.uid);
  const at = others.findIndex(({ uid }) => uid === version.uid);
  const other = chosen ?? (others[at + 1] ?? rest[0])?.uid;
  if (!other) return <EmptyState kind="none" title={say("compare.alone")} why={say("compare.alone.why")} />;
  return (
    <>
      <NativeSelect
        label={say("compare.with")}
        value={other}
        onChange={(event) => {
          const { value } = event.currentTarget;
          void navigate({ search: (told) => ({ ...told, with: value }), replace: true });
        }}
        data={rest.map((one) => ({
          value: one.uid,
          label: one.sealedAt ? `${versionName(one)} · ${new Intl.DateTimeFormat(language, { dateStyle: "medium" }).format(new Date(one.sealedAt))}` : versionName(one),
        }))}
      />
      <Compared key={other} before={other} after={version} />
    </>
  );
}

function Compared({ before, after }: { before: string; after: Version }) {
  const { say, language } = useWords();
  const other = useQuery(versionQuery(before));
  if (other.error && !other.data) return <Trouble error={other.error} retry={() => void other.refetch()} />;
  if (!other.data) return <Skeleton height={240} />;
  if (other.data.digest === after.digest) return <p>{say("version.same")}</p>;
  const told = (value: number | string): string => figure(value, language);
  return (
    <>
      <Causes before={before} after={after.uid} />
      <Differences title={say("version.schema")} found={columnsBetween(other.data.columns, after.columns)} />
      <Differences title={say("compare.figures")} found={figuresBetween(statsOf(other.data.stats), statsOf(after.stats), told)} />
      {other.data.storedAt && after.storedAt && (
        <>
          <section className={styles.shown}>
            <h3>{say("content.title")}</h3>
            <ContentDiff before={{ uid: before, name: nameOf(other.data) }} after={{ uid: after.uid, name: nameOf(after) }} />
          </section>
          <FilesCompared before={before} after={after.uid} />
        </>
      )}
    </>
  );
}

function FilesCompared({ before, after }: { before: string; after: string }) {
  const { say } = useWords();
  const { data, error } = useQuery({
    queryKey: ["files-compared", before, after],
    queryFn: async ({ signal }) => {
      const [was, is] = await Promise.all([allFilesOf(before, signal), allFilesOf(after, signal)]);
      return { found: filesBetween(was.files, is.files), cut: was.cut || is.cut };
    },
  });
  if (error) return <Trouble error={error} />;
  if (!data) return <Skeleton height={60} />;
  return (
    <>
      <Differences title={say("version.files")} found={data.found} />
      {data.cut && <p className="faint">{say("compare.cut")}</p>}
    </>
  );
}

const SIGNS = { added: "+", removed: "−", changed: "~" } as const;
const MOST_SHOWN = 200;

function Differences({ title, found }: { title: string; found: readonly Difference[] }) {
  const { say } = useWords();
  if (found.length === 0) return null;
  const shown = found.slice(0, MOST_SHOWN);
  return (
    <section className={styles.shown}>
      <h3>{title}</h3>
      <ListTable label={title} columns={[say("compare.sign"), say("artifacts.name"), say("compare.before"), say("compare.after")]}>
        {shown.map(({ sign, name, before, after }) => (
          <tr key={name} className={sign === "changed" ? undefined : styles[sign]}>
            <td>
              <span aria-hidden="true">{SIGNS[sign]}</span> {say(`compare.${sign}`)}
            </td>
            <th scope="row">
              <bdi>{name}</bdi>
            </th>
            <td>
              <bdi className={styles.cell}>{before}</bdi>
            </td>
            <td>
              <bdi className={styles.cell}>{after}</bdi>
            </td>
          </tr>
        ))}
      </ListTable>
      {found.length > MOST_SHOWN && <p className="faint">{say("compare.first", { shown: MOST_SHOWN, total: found.length })}</p>}
    </section>
  );
}

/** What is different upstream, the nearest first. */
function Causes({ before, after }: { before: string; after: string }) {
  const { say } = useWords();
  const { data, error } = useQuery({
    queryKey: ["lineage-diff", before, after],
    queryFn: async ({ signal }) => (await ask(LineageDiffDocument, { a: before, b: after }, signal)).lineageDiff,
  });
  if (error) return <Trouble error={error} />;
  if (!data) return <Skeleton height={120} />;
  const runs = data.differences.filter(({ depth }) => depth > 0);
  if (runs.length === 0) return null;
  const facts = runs.flatMap(({ before: was, after: is, changes }): Difference[] => {
    const name = (is ?? was)?.name ?? "";
    if (!was || !is) return [{ sign: was ? "removed" : "added", name, before: was?.name ?? "", after: is?.name ?? "" }];
    return changes.map((one) => ({ sign: "changed", name: `${name} · ${one.field}`, before: shorter(one.before), after: shorter(one.after) }));
  });
  return (
    <>
      <Differences title={say("compare.causes")} found={facts} />
      {data.isPartial && <p className="faint">{say("lineage.partial")}</p>}
    </>
  );
}

/** Of a uid or digest only what people tell apart. */
function shorter(value: string): string {
  return value.replace(/^version:/, "").replace(/sha256:([0-9a-f]{12})[0-9a-f]{52}/, "$1");
}
