/** Rows of a table as they were recorded; only those in sight are drawn. */
import { figure } from "@/lib/format";
import { useWords } from "@/lib/words";
import type { Table } from "@/lib/preview";
import { useRowsInSight } from "./rows-in-sight";
import { Unprinted } from "./unprinted";
import styles from "./data-table.module.css";
import whole from "./whole-table.module.css";

const ROW_HEIGHT = 31;

export function DataTable({ title, table }: { title: string; table: Table }) {
  const { language } = useWords();
  const { frame, first, last, above, below, printing } = useRowsInSight(table.rows.length, ROW_HEIGHT);
  return (
    <section ref={frame} className={`${styles.frame} ${whole.whole}`} tabIndex={0} aria-label={title}>
      <table aria-rowcount={table.rows.length + 1}>
        <thead>
          <tr>
            {table.columns.map(({ name, type }, at) => (
              <th key={`${at} ${name}`} scope="col" title={type}>
                <bdi>{name}</bdi>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {above > 0 && <tr aria-hidden="true" style={{ height: above }} />}
          {table.rows.slice(first, last).map((row, index) => (
            <tr key={first + index} aria-rowindex={first + index + 2}>
              {row.map((value, at) => (
                <td key={`${at} ${table.columns[at]?.name}`} data-numeric={typeof value === "number" || undefined} title={String(value)}>
                  <bdi>{typeof value === "number" ? figure(value, language) : value === null ? "–" : String(value)}</bdi>
                </td>
              ))}
            </tr>
          ))}
          {below > 0 && <tr aria-hidden="true" style={{ height: below }} />}
        </tbody>
      </table>
      {printing && <Unprinted shown={last} total={table.rows.length} />}
    </section>
  );
}
