/** Who has which role in a project. */
import { useState } from "react";
import { Button, NativeSelect, Skeleton, TextInput } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { ListTable } from "@/components/list-table";
import { EmptyState } from "@/components/empty-state";
import { FormDialog } from "@/components/form-dialog";
import { More } from "@/components/more";
import { Trouble } from "@/components/trouble";
import { ProjectDocument } from "@/gql/graphql";
import type { Role } from "@/gql/graphql";
import { useChange } from "@/lib/change";
import { AskError, ask } from "@/lib/graphql";
import { pageAfter } from "@/lib/pages";
import { useWords } from "@/lib/words";
import { ROLES, useSeenRole } from "./use-seen-role";
import type { Changed, Member } from "./use-seen-role";
import styles from "./projects.module.css";

export function Members({ project }: { project: string }) {
  const { say } = useWords();
  const [opened, setOpened] = useState<Member | "new">();
  const [leaving, setLeaving] = useState<Member>();
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ["members", project],
    queryFn: ({ pageParam, signal }) => ask(ProjectDocument, { name: project, first: 100, after: pageParam }, signal),
    initialPageParam: "",
    getNextPageParam: ({ members }) => pageAfter(members.pageInfo),
  });
  if (error instanceof AskError && error.code === "NOT_FOUND" && !data) {
    return <EmptyState kind="none" title={say("members.none")} why={say("members.unbegun")} />;
  }
  if (error && !data) return <Trouble error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton height={240} />;
  const members = data.pages.flatMap((page) => page.members.edges.map(({ node }) => node));
  return (
    <>
      <div className={styles.buttons}>
        <Button size="xs" onClick={() => setOpened("new")}>
          {say("members.add")}
        </Button>
      </div>
      {members.length === 0 ? (
        <EmptyState kind="none" title={say("members.none")} why={say("members.none.why")} />
      ) : (
        <ListTable label={say("settings.members")} columns={[say("members.subject"), say("members.role"), ""]}>
          {members.map((one) => (
            <tr key={one.subject}>
              <th scope="row">
                <bdi>{one.subject}</bdi>
              </th>
              <td>{say(`role.${one.role}`)}</td>
              <td>
                <div className={styles.buttons}>
                  <Button size="compact-xs" variant="default" onClick={() => setOpened(one)}>
                    {say("members.add")}
                  </Button>
                  <Button
                    size="compact-xs"
                    variant="default"
                    onClick={() => setLeaving(one)}
                    aria-label={say("members.remove.of", { name: one.subject })}
                  >
                    {say("members.remove")}
                  </Button>
                </div>
              </td>
            </tr>
          ))}
        </ListTable>
      )}
      <More left={hasNextPage} loading={isFetchingNextPage} ask={fetchNextPage} />
      {opened && <RoleForm project={project} {...(opened !== "new" && { member: opened })} close={() => setOpened(undefined)} />}
      {leaving && <RemoveForm project={project} member={leaving} close={() => setLeaving(undefined)} />}
    </>
  );
}

function RoleForm({ project, member, close }: { project: string; member?: Member; close: () => void }) {
  const { say } = useWords();
  const [subject, setSubject] = useState(member?.subject ?? "");
  const [role, setRole] = useState<Role>(member?.role ?? "VIEWER");
  const { give, changed } = useSeenRole(project, member);
  const sent = useChange((told: Member) => give(told.subject, told.role));
  return (
    <FormDialog
      title={say("members.add")}
      submit={say("action.save")}
      change={sent}
      values={() => ({ subject: subject.trim(), role })}
      close={close}
    >
      <TextInput
        label={say("members.subject")}
        description={say("members.subject.hint")}
        required
        readOnly={member !== undefined}
        data-autofocus
        value={subject}
        onChange={(event) => setSubject(event.currentTarget.value)}
      />
      <NativeSelect
        label={say("members.role")}
        value={role}
        onChange={(event) => setRole(event.currentTarget.value as Role)}
        data={ROLES.map((one) => ({ value: one, label: say(`role.${one}`) }))}
      />
      <RoleChanged changed={changed} />
    </FormDialog>
  );
}

function RemoveForm({ project, member, close }: { project: string; member: Member; close: () => void }) {
  const { say } = useWords();
  const { give, changed } = useSeenRole(project, member);
  const sent = useChange((told: string) => give(told, null));
  return (
    <FormDialog
      title={say("members.remove.of", { name: member.subject })}
      about={say("members.remove.what")}
      submit={say("members.remove")}
      danger
      change={sent}
      values={() => member.subject}
      close={close}
    >
      <RoleChanged changed={changed} />
    </FormDialog>
  );
}

/** That somebody else gave or took the role while a form about it was open. */
function RoleChanged({ changed }: { changed: Changed | undefined }) {
  const { say } = useWords();
  if (!changed) return null;
  const [from, to] = [changed.from, changed.to].map((one) => say(`role.${one ?? "none"}`));
  return <output>{say("members.changed", { name: changed.subject, from: from ?? "", to: to ?? "" })}</output>;
}
