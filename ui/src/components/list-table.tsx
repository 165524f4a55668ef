/** A table in a frame that scrolls by itself; the frame can be reached and scrolled by keys. */
import type { ReactNode } from "react";
import styles from "./list-table.module.css";

export interface ListTableProps {
  label: string;
  /** Names of the columns; an empty one belongs to buttons. */
  columns: readonly ReactNode[];
  children: ReactNode;
}

export function ListTable({ label, columns, children }: ListTableProps) {
  return (
    <section className={styles.frame} tabIndex={0} aria-label={label}>
      <table>
        <thead>
          <tr>
            {columns.map((column, at) =>
              column ? (
                <th key={at} scope="col">
                  {column}
                </th>
              ) : (
                <td key={at} />
              ),
            )}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}
