/** Columns of a table and what was counted of each. */
import { ListTable } from "@/components/list-table";
import { EmptyState } from "@/components/empty-state";
import { Facts } from "@/components/facts";
import { count, figure } from "@/lib/format";
import { useWords } from "@/lib/words";
import { statsOf } from "./statistics";
import type { ColumnStats } from "./statistics";
import type { Version } from "./version-query";
import styles from "./artifacts.module.css";

export function VersionSchema({ version }: { version: Version }) {
  const { say, language } = useWords();
  const stats = statsOf(version.stats);
  if (version.columns.length === 0 && stats.facts.length === 0) {
    return <EmptyState kind="none" title={say("schema.none")} why={say("schema.none.why")} />;
  }
  const columns = [
    say("schema.column"), say("artifacts.type"), say("schema.nulls"), say("schema.distinct"), say("schema.min"),
    say("schema.mean"), say("schema.max"), say("schema.spread"),
  ];
  return (
    <>
      <Facts facts={stats.facts.map(([name, value]) => [name === "rows" ? say("schema.rows") : name, typeof value === "number" ? count(value, language) : value])} />
      {version.columns.length > 0 && (
        <ListTable label={say("version.schema")} columns={columns}>
          {version.columns.map(({ name, type, nullable }) => {
            const told = stats.columns.get(name);
            return (
              <tr key={name}>
                <th scope="row">
                  <bdi>{name}</bdi>
                </th>
                <td>
                  <code>{type}</code> {!nullable && <span className="faint">{say("schema.required")}</span>}
                </td>
                <Numbers told={told} />
                <td>{told?.counts && <Histogram counts={told.counts} label={say("schema.spread.of", { name })} />}</td>
              </tr>
            );
          })}
        </ListTable>
      )}
    </>
  );
}

function Numbers({ told }: { told: ColumnStats | undefined }) {
  const { language } = useWords();
  return (
    <>
      {(["nulls", "distinct", "min", "mean", "max"] as const).map((key) => {
        const value = told?.[key];
        return (
          <td key={key} data-value>
            <bdi className={styles.cell}>{typeof value === "number" ? figure(value, language) : value}</bdi>
          </td>
        );
      })}
    </>
  );
}

const WIDTH = 80;
const HEIGHT = 20;

function Histogram({ counts, label }: { counts: readonly number[]; label: string }) {
  const most = Math.max(1, ...counts);
  const step = WIDTH / counts.length;
  return (
    <svg className={styles.bars} width={WIDTH} height={HEIGHT} role="img" aria-label={label}>
      {counts.map((one, at) => {
        const high = one === 0 ? 0 : Math.max(1, (one / most) * HEIGHT);
        return <rect key={at} x={at * step} y={HEIGHT - high} width={step * 0.85} height={high} fill="currentColor" />;
      })}
    </svg>
  );
}
