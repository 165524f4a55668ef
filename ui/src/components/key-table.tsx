/** Names and values, as many as there are: with a field to find one, and only those in sight drawn. */
import { useState } from "react";
import { figure } from "@/lib/format";
import { useWords } from "@/lib/words";
import { useRowsInSight } from "./rows-in-sight";
import { Unprinted } from "./unprinted";
import styles from "./key-table.module.css";
import whole from "./whole-table.module.css";

export interface KeyRow {
  key: string;
  value: unknown;
}

export interface KeyTableProps {
  /** what the names are, and what the table is called */
  title: string;
  /** what it is called where another table of the page has such names, too */
  label?: string;
  rows: readonly KeyRow[];
}

const ROW_HEIGHT = 33;
/** From this many on there is a field to narrow them. */
const MANY = 12;

export function KeyTable({ title, label = title, rows }: KeyTableProps) {
  const { say, language } = useWords();
  const [text, setText] = useState("");
  const wanted = text.trim().toLowerCase();
  const found = rows.filter(({ key, value }) => `${key} ${worded(value)}`.toLowerCase().includes(wanted));
  const { frame, first, last, above, below, printing } = useRowsInSight(found.length, ROW_HEIGHT);
  return (
    <div className={styles.all}>
      {rows.length > MANY && (
        <input
          type="search"
          className={styles.narrow}
          aria-label={say("keys.narrow", { title })}
          placeholder={say("keys.narrow", { title })}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
      )}
      <section ref={frame} className={`${styles.frame} ${whole.whole}`} tabIndex={0} aria-label={label}>
        <table aria-rowcount={found.length + 1}>
          <thead>
            <tr>
              <th scope="col">{title}</th>
              <th scope="col">{say("keys.value")}</th>
            </tr>
          </thead>
          <tbody>
            {above > 0 && <tr aria-hidden="true" style={{ height: above }} />}
            {found.slice(first, last).map(({ key, value }, at) => (
              <tr key={key} aria-rowindex={first + at + 2}>
                <th scope="row" title={key}>
                  <bdi>{key}</bdi>
                </th>
                <td title={worded(value)}>
                  <bdi>{typeof value === "number" ? figure(value, language) : worded(value)}</bdi>
                </td>
              </tr>
            ))}
            {below > 0 && <tr aria-hidden="true" style={{ height: below }} />}
          </tbody>
        </table>
        {printing && <Unprinted shown={last} total={found.length} />}
      </section>
      {found.length < rows.length && <output className="faint">{say("keys.found", { found: found.length, all: rows.length })}</output>}
    </div>
  );
}

const worded = (value: unknown): string => (typeof value === "object" ? JSON.stringify(value) : String(value));
