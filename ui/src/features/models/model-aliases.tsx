/** Aliases of a model: where they point, who may move them, what a move takes. */
import { useState } from "react";
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { ListTable } from "@/components/list-table";
import { EmptyState } from "@/components/empty-state";
import { TimeAgo } from "@/components/time-ago";
import { useWords } from "@/lib/words";
import { approvalFor } from "./figures";
import { approvalsQuery } from "./model-query";
import type { Alias, Model, ModelVersion } from "./model-query";
import { PromoteForm } from "./promote-form";
import { ProtectForm } from "./protect-form";
import { UnsetForm } from "./unset-form";
import styles from "./models.module.css";

type Opened = { form: "promote" | "protect" | "unset"; alias?: Alias };

export function ModelAliases({ model, versions }: { model: Model; versions: readonly ModelVersion[] }) {
  const { say } = useWords();
  const [opened, setOpened] = useState<Opened>();
  const { data: approvals } = useQuery(approvalsQuery(model));
  const close = (): void => setOpened(undefined);
  return (
    <>
      <div className={styles.buttons}>
        <Button size="xs" disabled={versions.length === 0} onClick={() => setOpened({ form: "promote" })}>
          {say("model.promote")}
        </Button>
        <Button size="xs" variant="default" onClick={() => setOpened({ form: "protect" })}>
          {say("protect.all")}
        </Button>
      </div>
      {model.protected && <p>{say("aliases.all.protected")}</p>}
      {model.aliases.length === 0 ? (
        <EmptyState kind="none" title={say("aliases.none")} why={say("aliases.none.why")} />
      ) : (
        <ListTable
          label={say("models.aliases")}
          columns={[say("promote.alias"), say("model.version"), say("aliases.rule"), say("aliases.movers"), say("aliases.approvers"), say("models.changed"), ""]}
        >
          {model.aliases.map((alias) => (
            <AliasRow key={alias.uid} alias={alias} open={(form) => setOpened({ form, alias })} />
          ))}
        </ListTable>
      )}
      {opened?.form === "promote" && (
        <PromoteForm
          model={model}
          versions={versions}
          {...(opened.alias && { alias: opened.alias.name })}
          approvalOf={(uid, alias) => approvalFor(approvals?.list ?? [], uid, alias)}
          close={close}
        />
      )}
      {opened?.form === "protect" && <ProtectForm model={model} {...(opened.alias && { alias: opened.alias })} close={close} />}
      {opened?.form === "unset" && opened.alias && <UnsetForm model={model} alias={opened.alias} close={close} />}
    </>
  );
}

function AliasRow({ alias, open }: { alias: Alias; open: (form: Opened["form"]) => void }) {
  const { say } = useWords();
  const { name, version } = alias;
  return (
    <tr>
      <th scope="row">
        <bdi>{name}</bdi>
      </th>
      <td>{version ? <bdi>{version}</bdi> : <span className="faint">{say("promote.nowhere")}</span>}</td>
      <td className={styles.rule}>{say(alias.needsApproval ? "aliases.approval" : alias.protected ? "aliases.protected" : "aliases.free")}</td>
      <td>
        <bdi>{alias.movers.join(", ")}</bdi>
      </td>
      <td>
        <bdi>{alias.approvers.join(", ")}</bdi>
      </td>
      <td>
        <TimeAgo time={alias.updatedAt} />
      </td>
      <td>
        <div className={styles.buttons}>
          <Button size="compact-xs" variant="default" onClick={() => open("promote")} aria-label={say("aliases.move.of", { name })}>
            {say("aliases.move")}
          </Button>
          <Button size="compact-xs" variant="default" onClick={() => open("protect")} aria-label={say("aliases.protect.of", { name })}>
            {say("aliases.protect")}
          </Button>
          {version && (
            <Button size="compact-xs" variant="default" onClick={() => open("unset")} aria-label={say("aliases.unset.of", { name })}>
              {say("aliases.unset")}
            </Button>
          )}
        </div>
      </td>
    </tr>
  );
}
