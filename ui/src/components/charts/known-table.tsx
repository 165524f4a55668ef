/** A logged table as the picture that it is known for; as a table on request, and otherwise. */
import { useMemo, useState } from "react";
import { Button, Skeleton } from "@mantine/core";
import { DataTable } from "@/components/data-table";
import { later } from "@/components/later";
import { count, figure } from "@/lib/format";
import type { Table } from "@/lib/preview";
import { useWords } from "@/lib/words";
import { confusionOf, rateCurveOf } from "./known-tables";
import type { Confusion, RateCurve } from "./known-tables";
import styles from "./known-table.module.css";

const LineChart = later(() => import("./line-chart").then(({ LineChart: it }) => it), () => <Skeleton height={HEIGHT} />);

export function KnownTable({ title, table }: { title: string; table: Table }) {
  const { say } = useWords();
  const [asTable, setAsTable] = useState(false);
  const confusion = useMemo(() => confusionOf(table), [table]);
  const rates = useMemo(() => rateCurveOf(table), [table]);
  if (!confusion && !rates) return <DataTable title={title} table={table} />;
  return (
    <>
      <Button size="compact-xs" variant="default" className={styles.switch} onClick={() => setAsTable(!asTable)}>
        {say(asTable ? "chart.as.chart" : "chart.as.table")}
      </Button>
      {asTable && <DataTable title={title} table={table} />}
      {!asTable && confusion && <Matrix title={title} confusion={confusion} />}
      {!asTable && !confusion && rates && <Rates rates={rates} />}
    </>
  );
}

/** The most ink that still leaves figures easy to read, in percent. */
const MOST_INK = 40;

function Matrix({ title, confusion: { classes, counts } }: { title: string; confusion: Confusion }) {
  const { say, language } = useWords();
  const all = counts.flat().reduce((sum, one) => sum + one, 0);
  const right = counts.reduce((sum, line, at) => sum + (line[at] ?? 0), 0);
  return (
    <>
      <p className="faint">{say("chart.confusion")}</p>
      <section className={styles.frame} tabIndex={0} aria-label={title}>
        <table>
          <thead>
            <tr>
              <td />
              {classes.map((name) => (
                <th key={name} scope="col">
                  <bdi>{name}</bdi>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {counts.map((line, row) => {
              const sum = Math.max(1, line.reduce((total, one) => total + one, 0));
              return (
                <tr key={classes[row]}>
                  <th scope="row">
                    <bdi>{classes[row]}</bdi>
                  </th>
                  {line.map((one, column) => (
                    <td
                      key={classes[column]}
                      style={{ background: `color-mix(in srgb, var(--accent) ${Math.round((one / sum) * MOST_INK)}%, var(--paper))` }}
                      data-right={row === column || undefined}
                    >
                      {count(one, language)}
                    </td>
                  ))}
                </tr>
              );
            })}
          </tbody>
        </table>
      </section>
      <p className="faint">{say("chart.confusion.right", { right, all, share: all ? right / all : 0 })}</p>
    </>
  );
}

const HEIGHT = 260;

function Rates({ rates: { kind, x, y, area } }: { rates: RateCurve }) {
  const { say, language } = useWords();
  const lines = useMemo(
    () => [
      { name: say(`chart.${kind}`), x, y },
      ...(kind === "roc" ? [{ name: say("chart.chance"), x: [0, 1], y: [0, 1] }] : []),
    ],
    [say, kind, x, y],
  );
  const told = say("chart.area", { area: figure(area, language) });
  const names = kind === "roc" ? { x: say("chart.fpr"), y: say("chart.tpr") } : { x: say("chart.recall"), y: say("chart.precision") };
  return (
    <>
      <LineChart label={`${say(`chart.${kind}`)}. ${told}`} lines={lines} names={names} height={HEIGHT} />
      <p className="faint">{told}</p>
    </>
  );
}
