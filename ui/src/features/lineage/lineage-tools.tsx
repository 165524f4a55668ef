/** What one asks for, above the picture: the selector, the form, what to compare with, what to take along. */
import { useState } from "react";
import type { FormEvent } from "react";
import { Menu, SegmentedControl, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Icon } from "@/components/icon";
import { TimeAgo } from "@/components/time-ago";
import { useWords } from "@/lib/words";
import type { Tab } from "./lineage-search";
import { hasVersions, versionsQuery } from "./scene-query";
import type { Box } from "./scene";
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

export interface CompareProps {
  box: Box;
  vs: string | undefined;
  compare: (vs: string | undefined) => void;
}

/** Why is it different from …: the versions of the same thing. */
export function CompareMenu({ box, vs, compare }: CompareProps) {
  const { say } = useWords();
  const [opened, setOpened] = useState(false);
  const { data } = useQuery({ ...versionsQuery(box), enabled: opened && hasVersions(box) });
  if (!hasVersions(box)) return null;
  const others = data?.filter(({ uid }) => uid !== box.id);
  return (
    <Menu position="bottom-end" width={300} opened={opened} onChange={setOpened}>
      <Menu.Target>
        <button type="button" className={styles.button} data-on={vs !== undefined || undefined}>
          <Icon name="compare" />
          <span>{say("lineage.compare")}</span>
        </button>
      </Menu.Target>
      <Menu.Dropdown className={styles.dropdown}>
        <Menu.Label>{say("lineage.compare.with")}</Menu.Label>
        {others?.length === 0 && <Menu.Item disabled>{say("lineage.compare.none")}</Menu.Item>}
        {others?.map(({ uid, title, at }) => (
          <Menu.Item key={uid} onClick={() => compare(uid)} rightSection={<TimeAgo time={at} />}>
            <bdi>{title}</bdi>
          </Menu.Item>
        ))}
        {vs !== undefined && <Menu.Divider />}
        {vs !== undefined && <Menu.Item onClick={() => compare(undefined)}>{say("lineage.compare.end")}</Menu.Item>}
      </Menu.Dropdown>
    </Menu>
  );
}
