/** One line on whether the server works; more of it is on the server's page. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { PartState } from "@/components/part-state";
import { healthQuery } from "@/lib/health";
import { useWords } from "@/lib/words";
import type { MessageId } from "@/lib/words";
import styles from "./home-page.module.css";

const KNOWN = ["graph", "ingest"];

export function HealthStrip({ project }: { project: string }) {
  const { say } = useWords();
  const { data, error } = useQuery(healthQuery);
  return (
    <Link to="/p/$project/admin" params={{ project }} className={styles.strip}>
      <strong>{say("admin.health")}</strong>
      {error && <PartState ok={false} />}
      {!error &&
        data?.map(({ name, ok }) => (
          <span key={name}>
            {KNOWN.includes(name) ? say(`admin.part.${name}` as MessageId) : <bdi>{name}</bdi>} <PartState ok={ok} />
          </span>
        ))}
    </Link>
  );
}
