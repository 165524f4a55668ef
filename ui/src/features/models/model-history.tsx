/** Who did what to a model, and why, the newest first. */
import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { ListTable } from "@/components/list-table";
import { EmptyState } from "@/components/empty-state";
import { TimeAgo } from "@/components/time-ago";
import { Told } from "@/components/told";
import { Trouble } from "@/components/trouble";
import { useWords } from "@/lib/words";
import { activityQuery, nameOf } from "./model-query";

export function ModelHistory({ of }: { of: string }) {
  const { say } = useWords();
  const { data, error, refetch } = useQuery(activityQuery(of));
  if (error && !data) return <Trouble error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton height={240} />;
  if (data.length === 0) return <EmptyState kind="none" title={say("history.none")} why={say("history.none.why")} />;
  return (
    <ListTable
      label={say("model.history")}
      columns={[say("history.when"), say("history.who"), say("history.what"), say("compare.before"), say("compare.after"), say("form.reason")]}
    >
      {data.map((one, at) => (
        <tr key={at}>
          <td>
            <TimeAgo time={one.at} />
          </td>
          <td>
            <bdi>{nameOf(one.by)}</bdi>
          </td>
          <td>
            <code>{[one.action, one.alias, one.version].filter(Boolean).join(" ")}</code>
          </td>
          <td>
            <Told value={one.before} />
          </td>
          <td>
            <Told value={one.after} />
          </td>
          <td>
            <bdi>{one.reason}</bdi>
          </td>
        </tr>
      ))}
    </ListTable>
  );
}
