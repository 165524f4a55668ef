/** Views of one thing, one at a time; which one is in the address. */
import type { ReactNode } from "react";
import { Tabs } from "@mantine/core";
import "@mantine/core/styles/Tabs.css";
import { useWords } from "@/lib/words";
import type { MessageId } from "@/lib/words";
import { intoSight } from "./into-sight";
import styles from "./sections.module.css";

export interface SectionsProps<T extends string> {
  label: string;
  views: readonly { id: T; name: MessageId }[];
  shown: T;
  choose: (view: T) => void;
  children: ReactNode;
}

export function Sections<T extends string>({ label, views, shown, choose, children }: SectionsProps<T>) {
  const { say } = useWords();
  return (
    <Tabs value={shown} onChange={(chosen) => choose((chosen ?? shown) as T)} keepMounted={false} activateTabWithKeyboard={false}>
      <Tabs.List aria-label={label} className={styles.list}>
        {views.map((view) => (
          <Tabs.Tab key={view.id} value={view.id} ref={view.id === shown ? intoSight : undefined}>
            {say(view.name)}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value={shown} className={styles.panel}>
        {children}
      </Tabs.Panel>
    </Tabs>
  );
}
