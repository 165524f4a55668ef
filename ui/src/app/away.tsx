/** Says on every page that the server, or a part of it, is away; what could not be read meanwhile is read when it is back. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Icon } from "@/components/icon";
import { healthQuery, useWhenWell, wasAway } from "@/lib/health";
import { useWords } from "@/lib/words";
import styles from "./shell.module.css";

export function Away() {
  const { say } = useWords();
  const { data, error } = useQuery(healthQuery);
  const queries = useQueryClient();
  useWhenWell(() => void queries.refetchQueries({ type: "active", predicate: ({ state }) => wasAway(state.error) }));
  const away = error !== null || data?.some(({ ok }) => !ok);
  return (
    <output className={styles.away}>
      {away && (
        <span className={styles.told}>
          <Icon name="warning" />
          <span>{say(error ? "shell.away.server" : "shell.away.part")}</span>
        </span>
      )}
    </output>
  );
}
