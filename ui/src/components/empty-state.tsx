/** Where there is nothing to show: what the thing is, why it is empty, what to do. */
import type { ReactNode } from "react";
import { Icon } from "./icon";
import type { IconName } from "./icon";
import { Snippet } from "./snippet";
import styles from "./empty-state.module.css";

/** None yet, none that fit the filter, none that one may see, or a part that does not answer. */
export type EmptyKind = "none" | "filtered" | "forbidden" | "down";

const ICONS: Record<EmptyKind, IconName> = { none: "stack", filtered: "search", forbidden: "person", down: "warning" };

export interface EmptyStateProps {
  kind: EmptyKind;
  title: string;
  why: ReactNode;
  action?: ReactNode;
  snippet?: string;
  /** it is all that the page says, so its title is the page's */
  alone?: boolean;
}

export function EmptyState({ kind, title, why, action, snippet, alone = false }: EmptyStateProps) {
  const Title = alone ? "h1" : "h2";
  return (
    <section className={styles.empty} data-kind={kind} role={kind === "down" ? "alert" : undefined}>
      <span className={styles.icon}>
        <Icon name={ICONS[kind]} size={28} />
      </span>
      <Title>{title}</Title>
      <div className={styles.why}>{why}</div>
      {snippet !== undefined && <Snippet text={snippet} />}
      {action}
    </section>
  );
}
