/** Verdicts on versions: asked for, given, taken back. */
import { useState } from "react";
import { Button, Skeleton, Textarea } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { ListTable } from "@/components/list-table";
import { EmptyState } from "@/components/empty-state";
import { FormDialog } from "@/components/form-dialog";
import { Mark } from "@/components/tags";
import { TimeAgo } from "@/components/time-ago";
import { Trouble } from "@/components/trouble";
import { DecideApprovalDocument } from "@/gql/graphql";
import type { Verdict } from "@/gql/graphql";
import { change, useChange } from "@/lib/change";
import { useWords } from "@/lib/words";
import type { MessageId } from "@/lib/words";
import { approvalsQuery, nameOf, versionOf } from "./model-query";
import type { Approval, Model, ModelVersion } from "./model-query";
import { RequestForm } from "./request-form";
import styles from "./models.module.css";

export function ModelApprovals({ model, versions }: { model: Model; versions: readonly ModelVersion[] }) {
  const { say } = useWords();
  const [asking, setAsking] = useState(false);
  const { data, error, refetch } = useQuery(approvalsQuery(model));
  if (error && !data) return <Trouble error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton height={240} />;
  const columns = [say("model.version"), say("promote.alias"), say("runs.state"), say("approval.asked"), say("approval.given"), ""];
  return (
    <>
      <div className={styles.buttons}>
        <Button size="xs" disabled={versions.length === 0} onClick={() => setAsking(true)}>
          {say("model.request")}
        </Button>
      </div>
      {data.list.length === 0 ? (
        <EmptyState kind="none" title={say("approval.none")} why={say("approval.none.why")} />
      ) : (
        <ListTable label={say("model.approvals")} columns={columns}>
          {data.list.map((one) => (
            <ApprovalRow key={one.uid} approval={one} />
          ))}
        </ListTable>
      )}
      {data.more && <p className="faint">{say("approval.more")}</p>}
      {asking && <RequestForm model={model} versions={versions} close={() => setAsking(false)} />}
    </>
  );
}

function ApprovalRow({ approval }: { approval: Approval }) {
  const { say } = useWords();
  const [verdict, setVerdict] = useState<Verdict>();
  const version = versionOf(approval.version);
  const state = approval.state.toLowerCase();
  return (
    <tr>
      <th scope="row">
        <bdi>{version}</bdi>
      </th>
      <td>{approval.alias ? <Mark>{approval.alias}</Mark> : say("approval.any")}</td>
      <td>{say(`approval.${state}` as MessageId)}</td>
      <td>
        <bdi>{nameOf(approval.asker)}</bdi> <TimeAgo time={approval.requestedAt} />
        {approval.question && <div className="faint"><bdi>{approval.question}</bdi></div>}
      </td>
      <td>
        <bdi>{nameOf(approval.by)}</bdi> <TimeAgo time={approval.decidedAt} />
        {approval.comment && <div className="faint"><bdi>{approval.comment}</bdi></div>}
      </td>
      <td>
        {state === "pending" && (
          <div className={styles.buttons}>
            {(["APPROVED", "REJECTED", "WITHDRAWN"] as const).map((one) => (
              <Button key={one} size="compact-xs" variant="default" onClick={() => setVerdict(one)}>
                {say(`verdict.${one}`)}
              </Button>
            ))}
          </div>
        )}
        {verdict && <DecideForm approval={approval} version={version} verdict={verdict} close={() => setVerdict(undefined)} />}
      </td>
    </tr>
  );
}

interface DecideFormProps {
  approval: Approval;
  version: string;
  verdict: Verdict;
  close: () => void;
}

function DecideForm({ approval, version, verdict, close }: DecideFormProps) {
  const { say } = useWords();
  const [comment, setComment] = useState("");
  const sent = useChange((told: string) => change(DecideApprovalDocument, { input: { uid: approval.uid, verdict, comment: told } }));
  return (
    <FormDialog
      title={say("approval.of", { version })}
      about={say(verdict === "WITHDRAWN" ? "verdict.withdraw.what" : "verdict.what")}
      submit={say(`verdict.${verdict}`)}
      danger={verdict === "REJECTED"}
      change={sent}
      values={() => comment.trim()}
      close={close}
    >
      <Textarea label={say("request.comment")} autosize minRows={2} data-autofocus value={comment} onChange={(event) => setComment(event.currentTarget.value)} />
    </FormDialog>
  );
}
