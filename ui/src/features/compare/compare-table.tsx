/** Rows of a comparison against the runs: of both only what is in sight is drawn. */
import { memo, useEffect, useMemo } from "react";
import { Link } from "@tanstack/react-router";
import { Icon } from "@/components/icon";
import { useColumnsInSight, useRowsInSight } from "@/components/rows-in-sight";
import { StateBadge } from "@/components/state-badge";
import { Unprinted } from "@/components/unprinted";
import whole from "@/components/whole-table.module.css";
import { figure } from "@/lib/format";
import { useWords } from "@/lib/words";
import type { MessageId } from "@/lib/words";
import { useRunNames } from "./columns";
import type { ComparedRow, ComparedRun } from "./compare-query";
import { isReference, sameAs } from "./compared-values";
import { versionRows } from "./content-rows";
import { rowName } from "./row-name";
import { referencesIn, useVersionNames } from "./version-names";
import styles from "./compare-table.module.css";

const ROW_HEIGHT = 35;
const COLUMN_WIDTH = 150;
/** As wide as few of them may be where there is room: a whole name of a run has a date. */
const ROOMY_WIDTH = 280;
const NAME_WIDTH = 240;
const AHEAD = 60;
const RUNS_OF_A_SHEET = 4;
/** Where there are more versions, only of those in sight it is asked what they are called. */
const MOST_NAMED = 2_000;
/** So many are a hundred sheets. */
const MOST_CELLS = 20_000;

export interface CompareTableProps {
  project: string;
  runs: readonly ComparedRun[];
  rows: readonly ComparedRow[];
  /** how many rows there are, with those that are not read yet */
  total: number;
  more: (() => void) | undefined;
}

export function CompareTable({ project, runs, rows, total, more }: CompareTableProps) {
  const { say } = useWords();
  const inSight = useRowsInSight(rows.length, ROW_HEIGHT);
  const { frame, first, last, printing } = inSight;
  const columns = useColumnsInSight(frame, runs.length, COLUMN_WIDTH, NAME_WIDTH);
  useEffect(() => {
    if (more && !printing && last >= rows.length - AHEAD) more();
  }, [more, last, rows.length, printing]);
  const nameOf = useRunNames(runs);
  const shown = rows.slice(first, printing ? Math.max(1, Math.floor(MOST_CELLS / runs.length)) : last);
  const every = useMemo(() => referencesIn(rows.flatMap(({ values }) => values)), [rows]);
  const named = every.length <= MOST_NAMED ? every : referencesIn(shown.flatMap(({ values }) => values.slice(columns.first, columns.last)));
  const versionName = useVersionNames(project, named);
  const told = { project, runs, rows: shown, nameOf, versionName, count: more ? -1 : rows.length + 1 };
  return (
    <section ref={frame} className={`${styles.frame} ${whole.whole}`} tabIndex={0} aria-label={say("compare.table")}>
      {printing ? (
        // Side by side on sheets only as many as have room there, below them the others.
        runs.map((run, at) => at % RUNS_OF_A_SHEET === 0 && <Block key={run.uid} {...told} {...NOTHING_OUT} first={at} last={Math.min(runs.length, at + RUNS_OF_A_SHEET)} />)
      ) : (
        <Block {...told} above={inSight.above} below={inSight.below} at={first} first={columns.first} last={columns.last} filled />
      )}
      {printing && <Unprinted shown={shown.length} total={total} />}
    </section>
  );
}

interface BlockProps {
  project: string;
  runs: readonly ComparedRun[];
  rows: readonly ComparedRow[];
  nameOf: (uid: string) => string;
  versionName: (uid: string) => string;
  /** of all rows, the head among them */
  count: number;
  /** of the runs: the first that is drawn, and the one after the last */
  first: number;
  last: number;
  /** place of the first row */
  at: number;
  above: number;
  below: number;
  /** with room for the runs that are not drawn */
  filled?: boolean;
}

const NOTHING_OUT = { at: 0, above: 0, below: 0 } as const;

function Block({ project, runs, rows, nameOf, versionName, count, first, last, at: from, above, below, filled = false }: BlockProps) {
  const { say } = useWords();
  const [before, after] = filled ? [first, runs.length - last] : [0, 0];
  return (
    <table style={{ width: `max(${NAME_WIDTH + runs.length * COLUMN_WIDTH}px, min(100%, ${NAME_WIDTH + runs.length * ROOMY_WIDTH}px))` }} aria-rowcount={count} aria-colcount={runs.length + 1}>
      <colgroup>
        <col width={NAME_WIDTH} />
        {runs.map(({ uid }) => (
          <col key={uid} />
        ))}
      </colgroup>
      <thead>
        <tr aria-rowindex={1}>
          <th scope="col" aria-colindex={1} className={styles.name}>
            {say("compare.what")}
          </th>
          {before > 0 && <td colSpan={before} aria-hidden="true" />}
          {runs.slice(first, last).map((run, at) => (
            <th key={run.uid} scope="col" aria-colindex={first + at + 2}>
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
        {rows.map((row, at) => (
          <Row
            key={`${row.part} ${row.name}`}
            row={row}
            at={from + at}
            from={first}
            to={last}
            filled={filled}
            project={project}
            versionName={versionName}
          />
        ))}
        {below > 0 && <tr aria-hidden="true" style={{ height: below }} />}
      </tbody>
    </table>
  );
}

interface RowProps {
  row: ComparedRow;
  at: number;
  from: number;
  to: number;
  filled: boolean;
  project: string;
  versionName: (uid: string) => string;
}

const Row = memo(function Row({ row, at, from, to, filled, project, versionName }: RowProps) {
  const { say } = useWords();
  const [contents] = versionRows([row]);
  const name = rowName(row, say);
  return (
    <tr aria-rowindex={at + 2}>
      <th scope="row" aria-colindex={1} className={styles.name} title={name}>
        <span className={styles.part}>{say(`compare.part.${row.part}` as MessageId)}</span> {name === row.name ? <bdi>{name}</bdi> : name}{" "}
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
      {filled && from > 0 && <td colSpan={from} aria-hidden="true" />}
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
      {filled && row.values.length > to && <td colSpan={row.values.length - to} aria-hidden="true" />}
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
    <td {...told} title={title} data-value data-numeric={typeof value === "number" || undefined}>
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
