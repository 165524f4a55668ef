/** Rows of a comparison against the runs: of both only what is in sight is drawn. */
import { memo, useEffect } from "react";
import { Link } from "@tanstack/react-router";
import { Icon } from "@/components/icon";
import { useColumnsInSight, useRowsInSight } from "@/components/rows-in-sight";
import { StateBadge } from "@/components/state-badge";
import { figure } from "@/lib/format";
import { useWords } from "@/lib/words";
import type { MessageId } from "@/lib/words";
import { useRunNames } from "./columns";
import type { ComparedRow, ComparedRun } from "./compare-query";
import { isReference, sameAs } from "./compared-values";
import { versionRows } from "./content-rows";
import { referencesIn, useVersionNames } from "./version-names";
import styles from "./compare-table.module.css";

const ROW_HEIGHT = 35;
const COLUMN_WIDTH = 150;
const NAME_WIDTH = 240;
const AHEAD = 60;

export interface CompareTableProps {
  project: string;
  runs: readonly ComparedRun[];
  rows: readonly ComparedRow[];
  more: (() => void) | undefined;
}

export function CompareTable({ project, runs, rows, more }: CompareTableProps) {
  const { say } = useWords();
  const { frame, first, last, above, below } = useRowsInSight(rows.length, ROW_HEIGHT);
  const columns = useColumnsInSight(frame, runs.length, COLUMN_WIDTH, NAME_WIDTH);
  useEffect(() => {
    if (more && last >= rows.length - AHEAD) more();
  }, [more, last, rows.length]);
  const nameOf = useRunNames(runs);
  const versionName = useVersionNames(project, referencesIn(rows.slice(first, last).flatMap(({ values }) => values.slice(columns.first, columns.last))));
  const seen = runs.slice(columns.first, columns.last);
  const after = runs.length - columns.last;
  return (
    <section ref={frame} className={styles.frame} tabIndex={0} aria-label={say("compare.table")}>
      <table
        style={{ width: NAME_WIDTH + runs.length * COLUMN_WIDTH }}
        aria-rowcount={more ? -1 : rows.length + 1}
        aria-colcount={runs.length + 1}
      >
        <colgroup>
          <col width={NAME_WIDTH} />
          {runs.map(({ uid }) => (
            <col key={uid} width={COLUMN_WIDTH} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            <th scope="col" aria-colindex={1} className={styles.name}>
              {say("compare.what")}
            </th>
            {columns.first > 0 && <td colSpan={columns.first} aria-hidden="true" />}
            {seen.map((run, at) => (
              <th key={run.uid} scope="col" aria-colindex={columns.first + at + 2}>
                <Link to="/p/$project/runs/$uid" params={{ project, uid: run.uid }} title={nameOf(run.uid)}>
                  <bdi>{nameOf(run.uid)}</bdi>
                </Link>
                <StateBadge state={run.state ?? ""} />
              </th>
            ))}
            {after > 0 && <td colSpan={after} aria-hidden="true" />}
          </tr>
        </thead>
        <tbody>
          {above > 0 && <tr aria-hidden="true" style={{ height: above }} />}
          {rows.slice(first, last).map((row, at) => (
            <Row
              key={`${row.part} ${row.name}`}
              row={row}
              at={first + at}
              from={columns.first}
              to={columns.last}
              project={project}
              versionName={versionName}
            />
          ))}
          {below > 0 && <tr aria-hidden="true" style={{ height: below }} />}
        </tbody>
      </table>
    </section>
  );
}

interface RowProps {
  row: ComparedRow;
  at: number;
  from: number;
  to: number;
  project: string;
  versionName: (uid: string) => string;
}

const Row = memo(function Row({ row, at, from, to, project, versionName }: RowProps) {
  const { say } = useWords();
  const [contents] = versionRows([row]);
  return (
    <tr aria-rowindex={at + 2}>
      <th scope="row" aria-colindex={1} className={styles.name} title={row.name}>
        <span className={styles.part}>{say(`compare.part.${row.part}` as MessageId)}</span> <bdi>{row.name}</bdi>{" "}
        {contents && (
          <Link
            from="/p/$project/compare"
            to="/p/$project/compare"
            search={(told) => ({ ...told, tab: "contents" as const, what: contents.key })}
            className={styles.contents}
            aria-label={say("compare.contents", { name: row.name })}
            title={say("compare.contents", { name: row.name })}
          >
            <Icon name="compare" size={14} />
          </Link>
        )}
      </th>
      {from > 0 && <td colSpan={from} aria-hidden="true" />}
      {row.values.slice(from, to).map((value, index) => (
        <Cell
          key={`${row.name} ${from + index}`}
          column={from + index}
          value={value}
          other={row.differs && from + index > 0 && !sameAs(row.values[0], value)}
          project={project}
          versionName={versionName}
        />
      ))}
      {row.values.length > to && <td colSpan={row.values.length - to} aria-hidden="true" />}
    </tr>
  );
});

interface CellProps {
  column: number;
  value: unknown;
  /** other than in the first run */
  other: boolean;
  project: string;
  versionName: (uid: string) => string;
}

function Cell({ column, value, other, project, versionName }: CellProps) {
  const { say, language } = useWords();
  const told = { "aria-colindex": column + 2, "data-other": other || undefined };
  if (value === null || value === undefined) {
    return (
      <td {...told}>
        <span className="faint">{say("compare.absent")}</span>
      </td>
    );
  }
  const values = Array.isArray(value) ? (value as unknown[]) : [value];
  const title = values.map((one) => (typeof one === "object" ? JSON.stringify(one) : String(one))).join("\n");
  return (
    <td {...told} title={title} data-numeric={typeof value === "number" || undefined}>
      {other && <span className={styles.sign}>≠ </span>}
      {values.map((one) =>
        isReference(one) ? (
          <Link key={one} to="/p/$project/lineage" params={{ project }} search={{ focus: one }} className={styles.version}>
            <bdi>{versionName(one)}</bdi>
          </Link>
        ) : (
          <bdi key={String(one)}>{typeof one === "number" ? figure(one, language) : typeof one === "object" ? JSON.stringify(one) : String(one)}</bdi>
        ),
      )}
    </td>
  );
}
