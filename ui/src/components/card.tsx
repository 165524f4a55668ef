/** A part of a page with a heading of its own. */
import type { ReactNode } from "react";
import styles from "./card.module.css";

export function Card({ title, beside, wide, children }: { title: string; beside?: ReactNode; wide?: boolean; children: ReactNode }) {
  return (
    <section className={styles.card} data-wide={wide || undefined}>
      <header>
        <h2>{title}</h2>
        {beside}
      </header>
      {children}
    </section>
  );
}

/** Cards beside each other where there is room. */
export function Cards({ children }: { children: ReactNode }) {
  return <div className={styles.cards}>{children}</div>;
}
