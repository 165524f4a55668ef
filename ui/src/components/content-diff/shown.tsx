/** Differences as tables: each line and row says by a sign and a word what became of it. */
import { figure } from "@/lib/format";
import { useWords } from "@/lib/words";
import type { Line } from "./lines";
import type { Cell, TableDifference } from "./rows";
import styles from "./content-diff.module.css";

const SIGNS = { same: "", added: "+", removed: "−", changed: "~" } as const;
const MOST_LINES = 2_000;
const MOST_ROWS = 200;

export function LineTable({ lines }: { lines: readonly Line[] }) {
  const { say } = useWords();
  const count = (sign: Line["sign"]): number => lines.filter((line) => line.sign === sign).length;
  return (
    <>
      <p className="faint">{say("content.lines", { added: count("added"), removed: count("removed") })}</p>
      <section className={styles.frame} tabIndex={0} aria-label={say("content.title")}>
        <table className={styles.lines}>
          <thead className="unseen">
            <tr>
              <th scope="col">{say("compare.before")}</th>
              <th scope="col">{say("compare.after")}</th>
              <th scope="col">{say("compare.sign")}</th>
              <th scope="col">{say("content.line")}</th>
            </tr>
          </thead>
          <tbody>
            {lines.slice(0, MOST_LINES).map((line, at) =>
              line.sign === "skipped" ? (
                <tr key={at} data-sign="skipped">
                  <td colSpan={4}>{say("content.skipped", { count: line.count })}</td>
                </tr>
              ) : (
                <tr key={at} data-sign={line.sign}>
                  <td data-value>{line.before}</td>
                  <td data-value>{line.after}</td>
                  <td>
                    <Sign sign={line.sign} />
                  </td>
                  <td>
                    <code dir="auto">{line.text}</code>
                  </td>
                </tr>
              ),
            )}
          </tbody>
        </table>
      </section>
      {lines.length > MOST_LINES && <p className="faint">{say("compare.first", { shown: MOST_LINES, total: lines.length })}</p>}
    </>
  );
}

function Sign({ sign }: { sign: keyof typeof SIGNS }) {
  const { say } = useWords();
  if (sign === "same") return null;
  return (
    <>
      <b aria-hidden="true">{SIGNS[sign]}</b>
      <span className="unseen">{say(`compare.${sign}`)}</span>
    </>
  );
}

export function RowTable({ found: { columns, rows, same } }: { found: TableDifference }) {
  const { say } = useWords();
  const count = (sign: string): number => rows.filter((row) => row.sign === sign).length;
  return (
    <>
      <p className="faint">{say("content.rows", { added: count("added"), removed: count("removed"), changed: count("changed"), same })}</p>
      {rows.length > 0 && (
        <section className={styles.frame} tabIndex={0} aria-label={say("content.title")}>
          <table className={styles.rows}>
            <thead>
              <tr>
                <th scope="col">{say("compare.sign")}</th>
                <th scope="col">{say("content.row")}</th>
                {columns.map(({ name, sign }) => (
                  <th key={name} scope="col" data-sign={sign}>
                    <Sign sign={sign} /> <bdi>{name}</bdi>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.slice(0, MOST_ROWS).map(({ sign, at, cells }) => (
                <tr key={`${sign} ${at}`} data-sign={sign}>
                  <td>
                    <b aria-hidden="true">{SIGNS[sign]}</b> {say(`compare.${sign}`)}
                  </td>
                  <td data-value>{at}</td>
                  {cells.map((cell, column) => (
                    <td key={columns[column]?.name}>
                      <Value cell={cell} sign={sign} />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      {rows.length > MOST_ROWS && <p className="faint">{say("compare.first", { shown: MOST_ROWS, total: rows.length })}</p>}
    </>
  );
}

function Value({ cell: { was, is, differs }, sign }: { cell: Cell; sign: "added" | "removed" | "changed" }) {
  const { language } = useWords();
  const told = (value: unknown): string => {
    if (value === null || value === undefined) return "";
    if (typeof value === "number") return figure(value, language);
    return typeof value === "object" ? JSON.stringify(value) : String(value as string | boolean);
  };
  if (!differs) return <bdi title={String(sign === "removed" ? was : (is ?? was))}>{told(sign === "removed" ? was : (is ?? was))}</bdi>;
  const [old, now] = [told(was), told(is)];
  // What differs is never shown as if it were the same.
  const plain = old === now;
  return (
    <>
      <del>
        <bdi>{plain ? JSON.stringify(was) : old}</bdi>
      </del>{" "}
      <ins>
        <bdi>{plain ? JSON.stringify(is) : now}</bdi>
      </ins>
    </>
  );
}
