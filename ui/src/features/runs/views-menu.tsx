/** Views kept by name: choose one, keep what is shown now, share it, send its link, let it go. */
import { useState } from "react";
import type { FormEvent, MouseEvent } from "react";
import { ActionIcon, Button, Popover } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useRouter } from "@tanstack/react-router";
import { Icon } from "@/components/icon";
import { Refusal } from "@/components/refusal";
import { DeleteViewDocument, SaveViewDocument } from "@/gql/graphql";
import { change, useChange } from "@/lib/change";
import { useWords } from "@/lib/words";
import { inputOf, linkOf, searchOf, shownOf } from "./views";
import type { View } from "./views";
import { viewsQuery } from "./views-query";
import type { Views } from "./views-query";
import type { RunsSearch } from "./runs-search";
import styles from "./views-menu.module.css";

export interface ViewsMenuProps {
  project: string;
  search: RunsSearch;
}

export function ViewsMenu({ project, search }: ViewsMenuProps) {
  const { say } = useWords();
  const { data, error } = useQuery(viewsQuery(project));
  const shown = data && shownOf(data.views, search);
  return (
    <Popover position="bottom-start" trapFocus returnFocus>
      <Popover.Target>
        <Button variant="default" size="xs" className={styles.open} rightSection={<Icon name="down" size={14} />}>
          {shown === undefined ? say("runs.views") : say("runs.views.shown", { name: shown.name })}
        </Button>
      </Popover.Target>
      <Popover.Dropdown className={styles.list} aria-label={say("runs.views")}>
        {error && !data && <Refusal trouble={error} />}
        {data && <Opened project={project} search={search} shown={shown} {...data} />}
      </Popover.Dropdown>
    </Popover>
  );
}

type OpenedProps = ViewsMenuProps & Views & { shown: View | undefined };

function Opened({ project, search, shown, views, mayShare }: OpenedProps) {
  const { say } = useWords();
  const saving = useChange((input: ReturnType<typeof inputOf>) => change(SaveViewDocument, { input }));
  const dropping = useChange((view: string) => change(DeleteViewDocument, { input: { project, view } }));
  return (
    <>
      {views.length === 0 && <p className="faint">{say("runs.views.none")}</p>}
      <ul>
        {views.map((one) => (
          <li key={one.uid}>
            <Link to="/p/$project/runs" params={{ project }} search={searchOf(one)} aria-current={one.uid === shown?.uid ? "true" : undefined}>
              <bdi>{one.name}</bdi>
              {!one.mine && <small className="faint">{say("runs.views.by", { name: one.owner.replace(/^[^/]*\//, "") })}</small>}
            </Link>
            {one.mine && (mayShare || one.shared) && (
              <Button
                size="compact-xs"
                variant={one.shared ? "light" : "default"}
                aria-pressed={one.shared}
                aria-label={say(one.shared ? "runs.views.shared.of" : "runs.views.share.of", { name: one.name })}
                onClick={() => void saving.send(inputOf(project, one.name, searchOf(one), !one.shared))}
              >
                {say(one.shared ? "runs.views.shared" : "runs.views.share")}
              </Button>
            )}
            <CopyLink project={project} view={one} />
            {one.deletable && (
              <ActionIcon variant="subtle" color="gray" aria-label={say("runs.views.drop", { name: one.name })} onClick={() => void dropping.send(one.uid)}>
                <Icon name="cross" size={16} />
              </ActionIcon>
            )}
          </li>
        ))}
      </ul>
      <KeepForm views={views} mayShare={mayShare} keep={(name, shared) => saving.send(inputOf(project, name, search, shared))} busy={saving.busy} />
      <Refusal trouble={saving.trouble ?? dropping.trouble} />
      <p className="faint">{say("runs.views.where")}</p>
    </>
  );
}

interface KeepFormProps {
  views: readonly View[];
  mayShare: boolean;
  keep: (name: string, shared: boolean) => Promise<boolean>;
  busy: boolean;
}

function KeepForm({ views, mayShare, keep, busy }: KeepFormProps) {
  const { say } = useWords();
  const [typed, setTyped] = useState("");
  const [shared, setShared] = useState(false);
  const name = typed.trim();
  const there = views.some((view) => view.mine && view.name === name);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (name !== "" && (await keep(name, shared))) setTyped("");
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <input
        aria-label={say("runs.views.name")}
        placeholder={say("runs.views.name")}
        value={typed}
        maxLength={100}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      <Button type="submit" size="xs" disabled={name === ""} loading={busy}>
        {say(there ? "runs.views.replace" : "runs.views.keep")}
      </Button>
      {mayShare && (
        <label>
          <input type="checkbox" checked={shared} onChange={(event) => setShared(event.currentTarget.checked)} />
          {say("runs.views.share.all")}
        </label>
      )}
    </form>
  );
}

function CopyLink({ project, view }: { project: string; view: View }) {
  const { say } = useWords();
  const router = useRouter();
  const [copied, setCopied] = useState(false);
  const link = { to: "/p/$project/runs", params: { project }, search: linkOf(view) } as const;
  const copy = (event: MouseEvent): void => {
    // Absent where the page came by plain http from another machine: then it is a link like any other.
    if (!navigator.clipboard) return;
    event.preventDefault();
    void navigator.clipboard.writeText(new URL(router.buildLocation(link).href, window.location.href).href).then(() => setCopied(true));
  };
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      aria-label={say(copied ? "action.copied" : "runs.views.copy", { name: view.name })}
      renderRoot={(rest) => <Link {...link} {...rest} onClick={copy} />}
    >
      <Icon name={copied ? "check" : "copy"} size={16} />
    </ActionIcon>
  );
}
