/** Events that were not taken in, why, and another try. */
import { useState } from "react";
import { Button, Skeleton } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { ListTable } from "@/components/list-table";
import { EmptyState } from "@/components/empty-state";
import { More } from "@/components/more";
import { Refusal } from "@/components/refusal";
import { TimeAgo } from "@/components/time-ago";
import { Trouble } from "@/components/trouble";
import { RefusedEventsDocument, ReplayRefusedDocument } from "@/gql/graphql";
import type { RefusedEventsQuery } from "@/gql/graphql";
import { change, useChange } from "@/lib/change";
import { count } from "@/lib/format";
import { ask } from "@/lib/graphql";
import { pageAfter } from "@/lib/pages";
import { useWords } from "@/lib/words";
import { outcomes } from "./replays";
import type { Outcomes } from "./replays";
import styles from "./admin.module.css";

type Event = RefusedEventsQuery["refusedEvents"]["edges"][number]["node"];

export function Refused() {
  const { say } = useWords();
  const [came, setCame] = useState<Outcomes>();
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ["refused"],
    queryFn: ({ pageParam, signal }) => ask(RefusedEventsDocument, { first: 50, after: pageParam }, signal),
    initialPageParam: "",
    getNextPageParam: ({ refusedEvents }) => pageAfter(refusedEvents.pageInfo),
  });
  const replay = useChange(async (uids: string[]) => {
    setCame(undefined);
    const { replays } = await change(ReplayRefusedDocument, { input: { uids } });
    setCame(outcomes(replays));
  });
  if (error && !data) return <Trouble error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton height={240} />;
  const events = data.pages.flatMap((page) => page.refusedEvents.edges.map(({ node }) => node));
  const whole = events.filter(({ cut }) => !cut).map(({ uid }) => uid);
  return (
    <>
      <Refusal trouble={replay.trouble} />
      <output>{came && say("refused.replay.done", { ...came })}</output>
      {events.length === 0 && <EmptyState kind="none" title={say("refused.none")} why={say("refused.none.why")} />}
      {whole.length > 0 && (
        <div>
          <Button size="xs" variant="default" loading={replay.busy} onClick={() => void replay.send(whole)}>
            {say("refused.replay.all")}
          </Button>
        </div>
      )}
      {events.length > 0 && <EventTable events={events} busy={replay.busy} replay={(uid) => void replay.send([uid])} />}
      <More left={hasNextPage} loading={isFetchingNextPage} ask={fetchNextPage} />
    </>
  );
}

function EventTable({ events, busy, replay }: { events: readonly Event[]; busy: boolean; replay: (uid: string) => void }) {
  const { say, language } = useWords();
  const columns = [say("history.when"), say("search.project"), say("refused.code"), say("refused.times"), say("history.who"), say("refused.event"), ""];
  return (
    <ListTable label={say("admin.refused")} columns={columns}>
      {events.map((one) => (
        <tr key={one.uid}>
          <td>
            <TimeAgo time={one.at} />
          </td>
          <td>
            <bdi>{one.project}</bdi>
          </td>
          <td lang="en">
            <code>{one.code}</code> <span className={styles.why}>{one.message}</span>
          </td>
          <td>{count(one.times, language)}</td>
          <td>
            <bdi>{one.actor}</bdi>
          </td>
          <td>
            <details>
              <summary>{say("files.look")}</summary>
              <pre className={styles.raw}>{one.raw}</pre>
            </details>
          </td>
          <td>
            {one.cut ? (
              say("refused.cut")
            ) : (
              <Button size="compact-xs" variant="default" disabled={busy} onClick={() => replay(one.uid)}>
                {say("refused.replay")}
              </Button>
            )}
          </td>
        </tr>
      ))}
    </ListTable>
  );
}
