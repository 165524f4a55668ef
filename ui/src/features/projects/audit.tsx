/** Who did what in a project, the newest first. */
import { useState } from "react";
import { Skeleton, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { ListTable } from "@/components/list-table";
import { EmptyState } from "@/components/empty-state";
import { More } from "@/components/more";
import { TimeAgo } from "@/components/time-ago";
import { Told } from "@/components/told";
import { Trouble } from "@/components/trouble";
import { AuditDocument } from "@/gql/graphql";
import { ask } from "@/lib/graphql";
import { pageAfter } from "@/lib/pages";
import { useWords } from "@/lib/words";

const PAUSE_MILLISECONDS = 250;

export function Audit({ project }: { project: string }) {
  const { say } = useWords();
  const search = useSearch({ from: "/p/$project/settings" });
  const [typed, setTyped] = useState(search.target ?? "");
  const [target] = useDebouncedValue(typed.trim(), PAUSE_MILLISECONDS);
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ["audit", project, target],
    queryFn: ({ pageParam, signal }) => ask(AuditDocument, { project, target, first: 100, after: pageParam }, signal),
    initialPageParam: "",
    getNextPageParam: ({ audit }) => pageAfter(audit.pageInfo),
    placeholderData: keepPreviousData,
  });
  const found = data?.pages.flatMap((page) => page.audit.edges.map(({ node }) => node));
  const columns = [say("history.when"), say("history.who"), say("history.what"), say("audit.target"), say("compare.before"), say("compare.after"), say("audit.origin")];
  return (
    <>
      <TextInput label={say("audit.target")} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} />
      {error && !data && <Trouble error={error} retry={() => void refetch()} />}
      {!found && !error && <Skeleton height={240} />}
      {found?.length === 0 && (
        <EmptyState kind={target ? "filtered" : "none"} title={say(target ? "audit.filtered" : "audit.none")} why={say("audit.none.why")} />
      )}
      {found && found.length > 0 && (
        <ListTable label={say("settings.audit")} columns={columns}>
          {found.map((one) => (
            <tr key={one.id}>
              <td>
                <TimeAgo time={one.at} />
              </td>
              <td>
                <bdi>{one.subject}</bdi>
              </td>
              <td>
                <code>{one.action}</code>
              </td>
              <td>
                <code>{one.target}</code>
              </td>
              <td>
                <Told value={one.before} />
              </td>
              <td>
                <Told value={one.after} />
              </td>
              <td>
                <code>{one.origin}</code>
              </td>
            </tr>
          ))}
        </ListTable>
      )}
      <More left={hasNextPage} loading={isFetchingNextPage} ask={fetchNextPage} />
    </>
  );
}
