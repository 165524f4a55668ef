/** A button that opens a list of things to tick, with a field to narrow it. */
import { useState } from "react";
import type { KeyboardEvent, ReactNode } from "react";
import { Button, Popover } from "@mantine/core";
import { useWords } from "@/lib/words";
import { Icon } from "./icon";
import styles from "./picker.module.css";

export interface Choice {
  value: string;
  name: string;
}

export interface PickerGroup {
  title?: string;
  choices: readonly Choice[];
}

export interface PickerProps {
  label: string;
  groups: readonly PickerGroup[];
  picked: readonly string[];
  change: (picked: string[]) => void;
  /** one at most: picking another lets go of the last */
  single?: boolean;
  /** with a field that narrows the list; `typed` is then what is in it */
  narrow?: string;
  typed?: (text: string) => void;
  opened?: () => void;
  /** below the list */
  foot?: ReactNode;
  /** after the label; a number where several are picked */
  counted?: boolean;
}

const MOST_SHOWN = 300;

export function Picker({ label, groups, picked, change, single, narrow, typed, opened, foot, counted }: PickerProps) {
  const { say } = useWords();
  const [text, setText] = useState("");
  const wanted = text.trim().toLowerCase();
  const write = (value: string): void => {
    setText(value);
    typed?.(value);
  };
  const toggle = (value: string, on: boolean): void => {
    if (single) change(on ? [value] : []);
    else change(on ? [...picked, value] : picked.filter((one) => one !== value));
  };
  return (
    <Popover position="bottom-start" trapFocus returnFocus withinPortal {...(opened ? { onOpen: opened } : {})}>
      <Popover.Target>
        <Button variant="default" size="xs" className={styles.open} rightSection={<Icon name="down" size={14} />}>
          {counted && picked.length > 0 ? say("picker.some", { label, count: picked.length }) : label}
        </Button>
      </Popover.Target>
      <Popover.Dropdown className={styles.list} aria-label={label}>
        {narrow !== undefined && (
          <input
            className={styles.narrow}
            type="search"
            aria-label={narrow}
            placeholder={narrow}
            value={text}
            onChange={(event) => write(event.currentTarget.value)}
            onKeyDown={keepEscape}
          />
        )}
        <div className={styles.groups}>
          {groups.map(({ title, choices }) => (
            <Group
              key={title ?? ""}
              title={title}
              choices={choices.filter(({ name }) => name.toLowerCase().includes(wanted))}
              picked={picked}
              toggle={toggle}
            />
          ))}
        </div>
        {foot}
      </Popover.Dropdown>
    </Popover>
  );
}

/** Escape that ends the putting together of a letter closes nothing. */
function keepEscape(event: KeyboardEvent<HTMLElement>): void {
  if (event.nativeEvent.isComposing) event.stopPropagation();
}

interface GroupProps {
  title: string | undefined;
  choices: readonly Choice[];
  picked: readonly string[];
  toggle: (value: string, on: boolean) => void;
}

function Group({ title, choices, picked, toggle }: GroupProps) {
  const { say } = useWords();
  if (!choices.length) return null;
  const hidden = choices.length - MOST_SHOWN;
  return (
    <fieldset className={styles.group}>
      {title !== undefined && <legend>{title}</legend>}
      {choices.slice(0, MOST_SHOWN).map(({ value, name }) => (
        <label key={value}>
          <input
            type="checkbox"
            value={value}
            checked={picked.includes(value)}
            onChange={(event) => toggle(value, event.currentTarget.checked)}
          />
          <bdi>{name}</bdi>
        </label>
      ))}
      {hidden > 0 && <p className="faint">{say("picker.more", { count: hidden })}</p>}
    </fieldset>
  );
}
