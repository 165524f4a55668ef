/** The parts of the server and its intake, as they are now. */
import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { ListTable } from "@/components/list-table";
import { Facts } from "@/components/facts";
import { Section } from "@/components/page";
import { PartState } from "@/components/part-state";
import { TimeAgo } from "@/components/time-ago";
import { Trouble } from "@/components/trouble";
import { IngestStatusDocument, ServerDocument } from "@/gql/graphql";
import { bytes, count } from "@/lib/format";
import { ask } from "@/lib/graphql";
import { healthQuery } from "@/lib/health";
import type { Part } from "@/lib/health";
import { useWords } from "@/lib/words";
import type { MessageId } from "@/lib/words";

const PARTS = ["graph", "ingest"];

export function Health() {
  const { say } = useWords();
  const { data, error, refetch } = useQuery(healthQuery);
  if (error && !data) return <Trouble error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton height={120} />;
  return (
    <>
      <ListTable label={say("admin.health")} columns={[say("admin.part"), say("tokens.state"), say("admin.detail")]}>
        {data.map(({ name, ok, detail, told, values }) => (
          <tr key={name}>
            <th scope="row">{PARTS.includes(name) ? say(`admin.part.${name}` as MessageId) : <bdi>{name}</bdi>}</th>
            <td>
              <PartState ok={ok} />
            </td>
            <Detail detail={detail} told={told} values={values} />
          </tr>
        ))}
      </ListTable>
      <Intake />
      <About />
    </>
  );
}

/** Codes of the server's one table of errors. */
const ERRORS = ["UNAVAILABLE", "LIMIT", "FORBIDDEN", "NOT_FOUND", "BAD_INPUT", "NOT_SUPPORTED", "INTERNAL"];
const TOLD = ["answers", "waiting", "not_connected", "not_started", "stopping"];

function Detail({ detail, told, values }: Pick<Part, "detail" | "told" | "values">) {
  const { say, language } = useWords();
  if (!TOLD.includes(told)) {
    return (
      <td>
        {ERRORS.includes(told) && say(`error.${told}` as MessageId)} <code lang="en">{detail}</code>
      </td>
    );
  }
  return <td>{say(`admin.told.${told}` as MessageId, { ...values, bytes: bytes(values["bytes"] ?? 0, language) })}</td>;
}

function Intake() {
  const { say, language } = useWords();
  const { data, error, refetch } = useQuery({
    queryKey: ["ingest"],
    queryFn: async ({ signal }) => (await ask(IngestStatusDocument, {}, signal)).ingestStatus,
    refetchInterval: 5_000,
  });
  if (error && !data) return <Trouble error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton height={120} />;
  return (
    <Section title={say("admin.intake")}>
      {data.troubled && <p role="alert">{say("admin.troubled")}</p>}
      <Facts
        facts={[
          [say("admin.accepted"), count(data.accepted, language)],
          [say("admin.duplicate"), count(data.duplicate, language)],
          [say("admin.refused.count"), count(data.refused, language)],
          [
            say("admin.queue"),
            <span key="queue" data-value>
              {count(data.queueEvents, language)} · {bytes(data.queueBytes, language)}
            </span>,
          ],
          [say("admin.commit"), data.lastCommitAt && <TimeAgo time={data.lastCommitAt} />],
        ]}
      />
    </Section>
  );
}

function About() {
  const { say } = useWords();
  const { data } = useQuery({
    queryKey: ["server"],
    queryFn: async ({ signal }) => (await ask(ServerDocument, {}, signal)).server,
  });
  if (!data) return null;
  return (
    <Section title={<bdi>{data.name}</bdi>}>
      <Facts
        facts={[
          [say("admin.version"), <code key="version">{data.version}</code>],
          [say("admin.engine"), <code key="engine">{`${data.engine} ${data.engineVersion}`}</code>],
          [say("admin.mode"), <code key="mode">{data.authMode}</code>],
          [
            say("admin.numbers"),
            <a key="metrics" href="/metrics">
              <code>/metrics</code>
            </a>,
          ],
        ]}
      />
    </Section>
  );
}
