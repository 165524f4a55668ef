/** Root causes: why two versions differ, the differences that no other explains first. */
import { useMemo } from "react";
import { Button } from "@mantine/core";
import { Icon } from "@/components/icon";
import { kindIcon } from "@/components/kinds";
import { moment } from "@/lib/format";
import { useWords } from "@/lib/words";
import type { MessageId } from "@/lib/words";
import { causesTable, headTitle, shortValue, sortedCauses, titlesOf, uidsOf } from "./causes";
import type { Difference } from "./difference";
import { save } from "./downloads";
import { table } from "./exports";
import { fieldName } from "./field-name";
import { SIGNS } from "./picture";
import type { Causes } from "./scene-query";
import styles from "./findings.module.css";

export interface CausesViewProps {
  causes: Causes;
  look: (id: string) => void;
}

export function CausesView({ causes, look }: CausesViewProps) {
  const { say, language } = useWords();
  const rows = sortedCauses(causes);
  const told = rows.filter(({ kind }) => kind !== "RERUN");
  const titles = useMemo(() => titlesOf(causes.differences), [causes]);
  return (
    <section className={styles.page} aria-label={say("lineage.causes")}>
      <header>
        <h2>{say("lineage.causes.count", { count: told.length, same: causes.same })}</h2>
        <Button
          size="xs"
          variant="default"
          leftSection={<Icon name="download" size={14} />}
          onClick={() => save("causes.csv", "text/csv", table(causesTable(rows)))}
        >
          CSV
        </Button>
      </header>
      {told.length === 0 && <p>{say("lineage.causes.none")}</p>}
      <ol className={styles.list}>
        {rows.map((row) => (
          <Cause key={uidsOf(row).join(" ")} row={row} root={isOne(row, causes.root)} first={isOne(row, causes.first)} look={look} language={language} titles={titles} />
        ))}
      </ol>
    </section>
  );
}

const isOne = (row: Difference, uids: readonly string[]): boolean => uidsOf(row).some((uid) => uids.includes(uid));

interface CauseProps {
  row: Difference;
  root: boolean;
  first: boolean;
  look: (id: string) => void;
  language: string;
  titles: ReadonlyMap<string, string>;
}

function Cause({ row, root, first, look, language, titles }: CauseProps) {
  const { say } = useWords();
  const head = row.after ?? row.before;
  if (!head) return null;
  const sign = { ADDED: SIGNS.added, REMOVED: SIGNS.removed, CHANGED: SIGNS.changed, RERUN: "↻" }[row.kind];
  return (
    <li data-kind={row.kind} data-root={root || undefined}>
      <p className={styles.what}>
        <b className={styles.sign} aria-hidden="true">
          {sign}
        </b>
        <span className="unseen">{say(`lineage.cause.${row.kind}` as MessageId)}</span>
        <Icon name={kindIcon(head.label, head.kind)} size={16} />
        <button type="button" onClick={() => look(head.uid)}>
          <bdi>{headTitle(head)}</bdi>
        </button>
        {row.before && row.after && headTitle(row.before) !== headTitle(row.after) && (
          <span className="faint">
            <bdi>{say("lineage.change.was", { title: headTitle(row.before) })}</bdi>
          </span>
        )}
        {root && <strong className={styles.mark}>{say("lineage.causes.root")}</strong>}
        {first && !root && <span className={styles.mark}>{say("lineage.causes.first")}</span>}
        <time className="faint" dateTime={row.at ?? undefined}>
          {row.at ? moment(row.at, language) : ""}
        </time>
      </p>
      {row.changes.length > 0 && (
        <table className={styles.changes}>
          <thead>
            <tr>
              <th scope="col">{say("lineage.causes.field")}</th>
              <th scope="col">{say("lineage.causes.before")}</th>
              <th scope="col">{say("lineage.causes.after")}</th>
            </tr>
          </thead>
          <tbody>
            {row.changes.map(({ field, before, after }) => (
              <tr key={field}>
                <th scope="row">{fieldName(field, say)}</th>
                <td>
                  <bdi title={before}>{shortValue(before, titles)}</bdi>
                </td>
                <td>
                  <bdi title={after}>{shortValue(after, titles)}</bdi>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </li>
  );
}
