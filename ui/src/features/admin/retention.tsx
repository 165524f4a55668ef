/** For how long the server keeps what is not kept for good. */
import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { ListTable } from "@/components/list-table";
import { Trouble } from "@/components/trouble";
import { AdminPageDocument } from "@/gql/graphql";
import { ask } from "@/lib/graphql";
import { useWords } from "@/lib/words";
import styles from "./admin.module.css";

export function Retention() {
  const { say, language } = useWords();
  const { data, error, refetch } = useQuery({
    queryKey: ["retention"],
    queryFn: async ({ signal }) => (await ask(AdminPageDocument, {}, signal)).server.retention,
  });
  if (error && !data) return <Trouble error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton height={160} />;
  const days = (value: number): string =>
    new Intl.NumberFormat(language, { style: "unit", unit: "day", unitDisplay: "long", maximumFractionDigits: 1 }).format(value);
  const rows = [
    ["retention.refused", "LINEAGE_INGEST__REFUSED_DAYS", days(data.refusedDays)],
    ["retention.events", "LINEAGE_INGEST__ARCHIVE_AFTER_DAYS", data.archiveAfterDays ? days(data.archiveAfterDays) : say("retention.never")],
    ["retention.deleted", "LINEAGE_ARTIFACTS__DELETED_DAYS", days(data.deletedDays)],
    ["retention.deliveries", "LINEAGE_WEBHOOKS__KEPT_DAYS", days(data.deliveryDays)],
  ] as const;
  return (
    <>
      <p className="faint">{say("retention.what")}</p>
      <ListTable label={say("admin.retention")} columns={[say("artifacts.name"), say("retention.value"), say("retention.setting")]}>
        {rows.map(([name, setting, value]) => (
          <tr key={name}>
            <th scope="row" className={styles.name}>
              {say(name)}
            </th>
            <td data-value>{value}</td>
            <td>
              <code>{setting}</code>
            </td>
          </tr>
        ))}
      </ListTable>
    </>
  );
}
