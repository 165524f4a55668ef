/** Says what of an address its page did not know, for what is shown is then not what was asked for. */
import { Link, useRouterState } from "@tanstack/react-router";
import { Icon } from "@/components/icon";
import { without } from "@/lib/without";
import { useWords } from "@/lib/words";
import { ignoredIn } from "./known-search";
import styles from "./shell.module.css";

export function Ignored() {
  const { say } = useWords();
  const search = useRouterState({ select: ({ location }) => location.search as Record<string, unknown> });
  const ignored = ignoredIn(search);
  if (ignored.length === 0) return null;
  return (
    <aside className={styles.ignored} aria-label={say("shell.ignored")}>
      <Icon name="warning" />
      <span>{say("shell.ignored")}</span>
      {ignored.map((one) => (
        <code key={one}>{one}</code>
      ))}
      <Link to="." search={((told: Record<string, unknown>) => without(told, "ignored")) as never} replace>
        {say("shell.ignored.drop")}
      </Link>
    </aside>
  );
}
