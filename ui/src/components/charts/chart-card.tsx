/** A chart with its title, the same as a table for who does not see it, and ways to look closer without a drag. */
import { useState } from "react";
import type { ReactNode } from "react";
import { ActionIcon, Button } from "@mantine/core";
import { Card } from "@/components/card";
import { DataTable } from "@/components/data-table";
import { Icon } from "@/components/icon";
import type { IconName } from "@/components/icon";
import type { Table } from "@/lib/preview";
import { useWords } from "@/lib/words";
import type { MessageId } from "@/lib/words";
import type { Move } from "./curves";
import styles from "./chart-card.module.css";

export interface ChartCardProps {
  title: string;
  table: () => Table;
  /** absent where one cannot look closer */
  move?: ((how: Move | "all") => void) | undefined;
  note?: ReactNode;
  wide?: boolean;
  children: ReactNode;
}

const MOVES = [
  ["in", "plus"],
  ["out", "minus"],
  ["left", "left"],
  ["right", "right"],
  ["all", "fit"],
] as const satisfies readonly (readonly [Move | "all", IconName])[];

export function ChartCard({ title, table, move, note, wide, children }: ChartCardProps) {
  const { say } = useWords();
  const [asTable, setAsTable] = useState(false);
  const tools = (
    <div className={styles.tools}>
      {move &&
        !asTable &&
        MOVES.map(([how, icon]) => (
          <ActionIcon
            key={how}
            size="sm"
            variant="subtle"
            color="gray"
            aria-label={say(`chart.move.${how}` as MessageId, { title })}
            onClick={() => move(how)}
          >
            <Icon name={icon} size={14} />
          </ActionIcon>
        ))}
      <Button
        size="compact-xs"
        variant="default"
        aria-label={say(asTable ? "chart.as.chart.of" : "chart.as.table.of", { title })}
        onClick={() => setAsTable(!asTable)}
      >
        {say(asTable ? "chart.as.chart" : "chart.as.table")}
      </Button>
    </div>
  );
  return (
    <Card title={title} beside={tools} {...(wide === undefined ? {} : { wide })}>
      {asTable ? <DataTable title={title} table={table()} /> : children}
      {note}
    </Card>
  );
}
