/** What one asks for, above the picture: the selector, how far, the form. */
import { useState } from "react";
import type { FormEvent } from "react";
import { SegmentedControl, TextInput } from "@mantine/core";
import { useWords } from "@/lib/words";
import { GROUPS } from "./lineage-search";
import type { Group, Tab } from "./lineage-search";
import styles from "./lineage-page.module.css";

/** The selector as a field: what is typed there is in the address. */
export function SelectorField({ text, go }: { text: string; go: (text: string) => void }) {
  const { say } = useWords();
  const [typed, setTyped] = useState(text);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (typed.trim()) go(typed.trim());
  };
  return (
    <form className={styles.selector} onSubmit={submit}>
      <TextInput
        size="xs"
        aria-label={say("lineage.selector")}
        title={say("lineage.selector.hint")}
        value={typed}
        spellCheck={false}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
    </form>
  );
}

export function Steps({ side, value, change }: { side: "up" | "down"; value: number; change: (value: number) => void }) {
  const { say } = useWords();
  const choices = [...new Set([0, 1, 2, 3, 5, 10, value])].toSorted((a, b) => a - b);
  return (
    <label className={styles.steps}>
      <span>{say(side === "up" ? "lineage.up" : "lineage.down")}</span>
      <select value={value} onChange={(event) => change(Number(event.currentTarget.value))}>
        {choices.map((steps) => (
          <option key={steps} value={steps}>
            {steps}
          </option>
        ))}
      </select>
    </label>
  );
}

export function Folding({ value, change }: { value: Group; change: (value: Group) => void }) {
  const { say } = useWords();
  return (
    <label className={styles.steps}>
      <span>{say("lineage.group")}</span>
      <select value={value} onChange={(event) => change(event.currentTarget.value as Group)}>
        {GROUPS.map((one) => (
          <option key={one} value={one}>
            {say(`lineage.group.${one}`)}
          </option>
        ))}
      </select>
    </label>
  );
}

export interface FormChoiceProps {
  tab: Tab | undefined;
  /** beside the graph */
  only: readonly Tab[];
  change: (tab: Tab | undefined) => void;
}

export function FormChoice({ tab, only, change }: FormChoiceProps) {
  const { say } = useWords();
  return (
    <SegmentedControl
      size="xs"
      aria-label={say("lineage.form")}
      value={tab ?? "graph"}
      onChange={(chosen) => change(chosen === "graph" ? undefined : (chosen as Tab))}
      data={[
        { value: "graph", label: say("lineage.graph") },
        ...only.map((value) => ({ value, label: say(`lineage.${value}`) })),
      ]}
    />
  );
}
