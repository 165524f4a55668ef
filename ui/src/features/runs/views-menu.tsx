/** Views kept by name: choose one, keep what is shown now, let one go. */
import { useState } from "react";
import type { FormEvent } from "react";
import { ActionIcon, Button, Popover } from "@mantine/core";
import { Icon } from "@/components/icon";
import { useWords } from "@/lib/words";
import { keepViews, keptViews, nameOf } from "./views";
import type { Views } from "./views";
import type { RunsSearch } from "./runs-search";
import styles from "./views-menu.module.css";

export interface ViewsMenuProps {
  project: string;
  search: RunsSearch;
  change: (next: RunsSearch) => void;
}

export function ViewsMenu({ project, search, change }: ViewsMenuProps) {
  const { say } = useWords();
  const [views, setViews] = useState<Views>(() => keptViews(project));
  const [name, setName] = useState("");
  const shown = nameOf(views, search);
  const keep = (next: Views): void => {
    setViews(next);
    keepViews(project, next);
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (name.trim() === "") return;
    keep({ ...views, [name.trim()]: search });
    setName("");
  };
  return (
    <Popover position="bottom-start" trapFocus returnFocus>
      <Popover.Target>
        <Button variant="default" size="xs" className={styles.open} rightSection={<Icon name="down" size={14} />}>
          {shown === undefined ? say("runs.views") : say("runs.views.shown", { name: shown })}
        </Button>
      </Popover.Target>
      <Popover.Dropdown className={styles.list} aria-label={say("runs.views")}>
        {Object.keys(views).length === 0 && <p className="faint">{say("runs.views.none")}</p>}
        <ul>
          {Object.entries(views).map(([one, told]) => (
            <li key={one}>
              <button type="button" aria-pressed={one === shown} onClick={() => change(told)}>
                <bdi>{one}</bdi>
              </button>
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={say("runs.views.drop", { name: one })}
                onClick={() => keep(Object.fromEntries(Object.entries(views).filter(([other]) => other !== one)))}
              >
                <Icon name="cross" size={16} />
              </ActionIcon>
            </li>
          ))}
        </ul>
        <form onSubmit={submit}>
          <input
            aria-label={say("runs.views.name")}
            placeholder={say("runs.views.name")}
            value={name}
            maxLength={100}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Button type="submit" size="xs" disabled={name.trim() === ""}>
            {say("runs.views.keep")}
          </Button>
        </form>
        <p className="faint">{say("runs.views.where")}</p>
      </Popover.Dropdown>
    </Popover>
  );
}
