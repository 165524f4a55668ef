/** The list of runs: only the rows that are in sight are drawn, and more are asked for as one comes near the end. */
import { Fragment, useEffect } from "react";
import { useMediaQuery } from "@mantine/hooks";
import { Link } from "@tanstack/react-router";
import { StateBadge } from "@/components/state-badge";
import { TimeAgo } from "@/components/time-ago";
import { useRowsInSight } from "@/components/rows-in-sight";
import { Unprinted } from "@/components/unprinted";
import whole from "@/components/whole-table.module.css";
import { MOST_COMPARED } from "@/lib/compared";
import { duration, figure } from "@/lib/format";
import { useWords } from "@/lib/words";
import type { Language, MessageId } from "@/lib/words";
import { NAME_WIDTH, USUAL_SORT, isSortable, keyOf, nextSort, widthOf } from "./run-columns";
import type { RunRow } from "./runs-query";
import styles from "./run-table.module.css";

const ROW_HEIGHT = 37;
/** On a phone a row has two lines: the name, and under it what one looks for first. */
const NARROW = "(max-width: 640px)";
const NARROW_ROW_HEIGHT = 58;
const NARROW_NAME_WIDTH = 236;
const UNDER_NAME: readonly string[] = ["state", "started"];
const PICK_WIDTH = 44;
/** Rows before the end at which the next page is asked for. */
const AHEAD = 40;

export interface RunTableProps {
  runs: readonly RunRow[];
  total: number | undefined;
  project: string;
  columns: readonly string[];
  sort: string | undefined;
  order: (sort: string | undefined) => void;
  picked: ReadonlySet<string>;
  pick: (uids: readonly string[], on: boolean) => void;
  more: (() => void) | undefined;
  scrolled: (away: boolean) => void;
}

export function RunTable(props: RunTableProps) {
  const { runs, total, project, picked, pick, more, scrolled } = props;
  const { say, language } = useWords();
  const narrow = useMediaQuery(NARROW, false, { getInitialValueInEffect: false });
  const columns = narrow ? props.columns.filter((column) => !UNDER_NAME.includes(column)) : props.columns;
  const [rowHeight, nameWidth] = narrow ? [NARROW_ROW_HEIGHT, NARROW_NAME_WIDTH] : [ROW_HEIGHT, NAME_WIDTH];
  const { frame, first, last, above, below, printing } = useRowsInSight(runs.length, rowHeight);
  useEffect(() => {
    if (more && !printing && last >= runs.length - AHEAD) more();
  }, [more, last, runs.length, printing]);
  const all = runs.length > 0 && runs.every(({ uid }) => picked.has(uid));
  return (
    <section
      ref={frame}
      className={`${styles.frame} ${whole.whole}`}
      tabIndex={0}
      aria-label={say("page.runs")}
      onScroll={(event) => scrolled(event.currentTarget.scrollTop > rowHeight)}
    >
      <table
        style={{ width: PICK_WIDTH + nameWidth + columns.reduce((sum, column) => sum + widthOf(column), 0) }}
        aria-rowcount={total === undefined ? -1 : total + 1} aria-colcount={columns.length + 2}
      >
        <colgroup>
          <col width={PICK_WIDTH} />
          <col width={nameWidth} />
          {columns.map((column) => (
            <col key={column} width={widthOf(column)} />
          ))}
          <col />
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            <td className={styles.pick}>
              <input
                type="checkbox"
                aria-label={say("runs.pick.all")}
                checked={all}
                onChange={(event) => pick(runs.slice(0, MOST_COMPARED).map(({ uid }) => uid), event.currentTarget.checked)}
              />
            </td>
            {["name", ...columns].map((column) => (
              <Head key={column} column={column} {...props} />
            ))}
            <td aria-hidden="true" />
          </tr>
        </thead>
        <tbody>
          {above > 0 && <tr aria-hidden="true" style={{ height: above }} />}
          {runs.slice(first, last).map((run, index) => (
            <Row
              key={run.uid}
              run={run}
              at={first + index}
              project={project}
              columns={columns}
              narrow={narrow}
              language={language}
              picked={picked.has(run.uid)}
              pick={pick}
            />
          ))}
          {below > 0 && <tr aria-hidden="true" style={{ height: below }} />}
        </tbody>
      </table>
      {printing && <Unprinted shown={last} total={total} />}
    </section>
  );
}

function Head({ column, sort = USUAL_SORT, order }: { column: string } & RunTableProps) {
  const name = useColumnName()(column);
  const way = sort === column ? "ascending" : sort === `-${column}` ? "descending" : "none";
  const numeric = column === "duration" || keyOf(column)?.of === "metric";
  if (!isSortable(column)) return <th scope="col">{name}</th>;
  return (
    <th scope="col" aria-sort={way} data-numeric={numeric || undefined} className={column === "name" ? styles.name : ""}>
      <button type="button" title={name} onClick={() => order(nextSort(column, sort))}>
        <bdi>{name}</bdi> <span aria-hidden="true">{way === "none" ? "" : way === "ascending" ? "▲" : "▼"}</span>
      </button>
    </th>
  );
}

/** Columns are called by words of ours, those of keys by the key. */
export function useColumnName(): (column: string) => string {
  const { say } = useWords();
  return (column) => keyOf(column)?.key ?? say(`runs.${column}` as MessageId);
}

interface RowProps {
  run: RunRow;
  at: number;
  project: string;
  columns: readonly string[];
  narrow: boolean;
  language: Language;
  picked: boolean;
  pick: RunTableProps["pick"];
}

function Row({ run, at, project, columns, narrow, language, picked, pick }: RowProps) {
  const { say } = useWords();
  const name = run.name || run.jobName || run.uid;
  return (
    <tr aria-rowindex={at + 2} aria-selected={picked} data-picked={picked || undefined}>
      <td className={styles.pick}>
        <input
          type="checkbox"
          aria-label={say("runs.pick", { name })}
          checked={picked}
          onChange={(event) => pick([run.uid], event.currentTarget.checked)}
        />
      </td>
      <th scope="row" className={styles.name}>
        <Link to="/p/$project/runs/$uid" params={{ project, uid: run.uid }} title={name}>
          <bdi>{name}</bdi>
        </Link>
        {narrow && (
          <div className={styles.under}>
            {UNDER_NAME.map((column) => (
              <Fragment key={column}>{plainCell(run, column)}</Fragment>
            ))}
          </div>
        )}
      </th>
      {columns.map((column) => (
        <Cell key={column} run={run} column={column} language={language} />
      ))}
      <td aria-hidden="true" />
    </tr>
  );
}

function Cell({ run, column, language }: { run: RunRow; column: string; language: Language }) {
  const key = keyOf(column);
  if (key) {
    const map = (key.of === "metric" ? run.metricMap : run.paramMap) as Record<string, unknown>;
    const value = map[key.key];
    if (value === undefined || value === null) return <td data-numeric={key.of === "metric" || undefined}>–</td>;
    const text = typeof value === "number" ? figure(value, language) : String(value);
    return (
      <td data-numeric={typeof value === "number" || undefined} title={String(value)}>
        <bdi>{text}</bdi>
      </td>
    );
  }
  if (column === "duration") {
    return <td data-numeric>{run.durationSeconds !== null && duration(run.durationSeconds, language)}</td>;
  }
  return <td>{plainCell(run, column)}</td>;
}

function plainCell(run: RunRow, column: string) {
  if (column === "state") return <StateBadge state={run.state ?? ""} />;
  if (column === "started") return <TimeAgo time={run.startedAt} />;
  if (column === "ended") return <TimeAgo time={run.endedAt} />;
  if (column === "tags") {
    const text = run.tags.map(({ key, value }) => (value === "" ? key : `${key}=${value}`)).join(", ");
    return <bdi title={text}>{text}</bdi>;
  }
  const text = column === "job" ? run.jobName : column === "by" ? run.by : run.kind;
  return <bdi title={text}>{text}</bdi>;
}
