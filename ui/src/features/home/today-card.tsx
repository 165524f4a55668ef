/** What changed today, and what waits for a verdict. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Skeleton } from "@mantine/core";
import { Icon } from "@/components/icon";
import { kindIcon } from "@/components/kinds";
import { Mark } from "@/components/tags";
import { TimeAgo } from "@/components/time-ago";
import { Trouble } from "@/components/trouble";
import { TodayDocument } from "@/gql/graphql";
import { readAnew } from "@/lib/anew";
import { ask } from "@/lib/graphql";
import { useModelsChanged } from "@/lib/live";
import { placeOf } from "@/lib/place-of";
import { useWords } from "@/lib/words";
import type { MessageId } from "@/lib/words";
import { Card } from "./card";
import { homeKey } from "./home-query";
import { changedToday } from "./today";
import styles from "./home-page.module.css";

export function TodayCards({ project }: { project: string }) {
  const { say } = useWords();
  const queries = useQueryClient();
  const queryKey = [...homeKey(project), "today"];
  useModelsChanged(project, () => readAnew(queries, { queryKey }));
  const { data, error, refetch } = useQuery({
    queryKey,
    queryFn: ({ signal }) => ask(TodayDocument, { project }, signal),
  });
  if (error && !data) return <Trouble error={error} retry={() => void refetch()} />;
  const changed = data && [...data.artifacts.edges, ...data.models.edges].map(({ node }) => ({ ...node, at: node.latestAt }));
  const today = changed && changedToday(changed);
  const waiting = data?.approvals.edges.map(({ node }) => node) ?? [];
  return (
    <>
      <Card title={say("home.today")}>
        {!today && <Skeleton height={120} />}
        {today?.length === 0 && <p className={styles.calm}>{say("home.today.none")}</p>}
        <ul className={styles.runs}>
          {today?.map((one) => (
            <li key={one.uid}>
              <Link {...placeOf(project, one)} className={styles.name}>
                <Icon name={kindIcon(one.label, one.kind)} size={16} /> <bdi>{one.name}</bdi>
              </Link>
              <span className={styles.when}>
                {say(`label.${one.label}` as MessageId)} · <TimeAgo time={one.at} />
              </span>
            </li>
          ))}
        </ul>
      </Card>
      {waiting.length > 0 && (
        <Card title={say("models.waiting")}>
          <ul className={styles.runs}>
            {waiting.map((one) => (
              <li key={one.uid}>
                <Link to="/p/$project/model" params={{ project }} search={{ of: one.model, view: "approvals" }} className={styles.name}>
                  <bdi>{`${one.model.slice(one.model.indexOf("/") + 1)}${one.version.slice(one.version.lastIndexOf("@"))}`}</bdi>
                </Link>
                {one.alias && <Mark>{one.alias}</Mark>}
                <span className={styles.when}>
                  <TimeAgo time={one.requestedAt} />
                </span>
              </li>
            ))}
          </ul>
        </Card>
      )}
    </>
  );
}
