/** When watchers of clusters missed something: what happened then may be missing in lineages. */
import { Skeleton } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { EmptyState } from "@/components/empty-state";
import { ListTable } from "@/components/list-table";
import { More } from "@/components/more";
import { Trouble } from "@/components/trouble";
import { WatchGapsDocument } from "@/gql/graphql";
import { duration, moment } from "@/lib/format";
import { ask } from "@/lib/graphql";
import { pageAfter } from "@/lib/pages";
import { useWords } from "@/lib/words";

export function Gaps() {
  const { say, language } = useWords();
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ["watch gaps"],
    queryFn: ({ pageParam, signal }) => ask(WatchGapsDocument, { first: 50, after: pageParam }, signal),
    initialPageParam: "",
    getNextPageParam: ({ watchGaps }) => pageAfter(watchGaps.pageInfo),
  });
  if (error && !data) return <Trouble error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton height={240} />;
  const gaps = data.pages.flatMap((page) => page.watchGaps.edges.map(({ node }) => node));
  if (gaps.length === 0) return <EmptyState kind="none" title={say("gaps.none")} why={say("gaps.none.why")} />;
  const columns = [say("gaps.cluster"), say("gaps.kind"), say("gaps.from"), say("gaps.to"), say("gaps.long"), say("search.project"), say("gaps.reason")];
  return (
    <>
      <p className="faint">{say("gaps.what")}</p>
      <ListTable label={say("admin.gaps")} columns={columns}>
        {gaps.map((one) => (
          <tr key={one.uid}>
            <td>
              <bdi>{one.cluster}</bdi>
            </td>
            <td>
              <bdi>{one.kind}</bdi>
            </td>
            <td>
              <time dateTime={one.from}>{moment(one.from, language)}</time>
            </td>
            <td>
              <time dateTime={one.to}>{moment(one.to, language)}</time>
            </td>
            <td>{duration((Date.parse(one.to) - Date.parse(one.from)) / 1_000, language)}</td>
            <td>
              <bdi>{one.project}</bdi>
            </td>
            <td>
              <bdi>{one.reason}</bdi>
            </td>
          </tr>
        ))}
      </ListTable>
      <More left={hasNextPage} loading={isFetchingNextPage} ask={fetchNextPage} />
    </>
  );
}
