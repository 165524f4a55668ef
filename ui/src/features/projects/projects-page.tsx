/** Projects that one may see, and how to make another. */
import { useState } from "react";
import { Button, Skeleton, TextInput, Textarea } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { ListTable } from "@/components/list-table";
import { EmptyState } from "@/components/empty-state";
import { FormDialog } from "@/components/form-dialog";
import { More } from "@/components/more";
import { Page } from "@/components/page";
import { Tags } from "@/components/tags";
import { TimeAgo } from "@/components/time-ago";
import { Trouble } from "@/components/trouble";
import { CreateProjectDocument, ProjectsDocument } from "@/gql/graphql";
import { change, useChange } from "@/lib/change";
import { ask } from "@/lib/graphql";
import { pageAfter } from "@/lib/pages";
import { without } from "@/lib/without";
import { useWords } from "@/lib/words";

export function ProjectsPage() {
  const { say } = useWords();
  const { create } = useSearch({ from: "/p/$project/projects" });
  const navigate = useNavigate({ from: "/p/$project/projects" });
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ["projects"],
    queryFn: ({ pageParam, signal }) => ask(ProjectsDocument, { first: 100, after: pageParam }, signal),
    initialPageParam: "",
    getNextPageParam: ({ projects }) => pageAfter(projects.pageInfo),
  });
  const found = data?.pages.flatMap((page) => page.projects.edges.map(({ node }) => node));
  const open = (opened: boolean): void => {
    void navigate({ search: (told) => ({ ...without(told, "create"), ...(opened && { create: true as const }) }), replace: true });
  };
  return (
    <Page
      title={say("page.projects")}
      about={say("projects.what")}
      actions={<Button onClick={() => open(true)}>{say("projects.create")}</Button>}
    >
      {error && !data && <Trouble error={error} retry={() => void refetch()} />}
      {!found && !error && <Skeleton height={240} />}
      {found?.length === 0 && <EmptyState kind="forbidden" title={say("projects.none")} why={say("projects.none.why")} />}
      {found && found.length > 0 && (
        <ListTable label={say("page.projects")} columns={[say("projects.name"), say("projects.description"), say("projects.owner"), say("tokens.made"), say("tags"), ""]}>
          {found.map((one) => (
            <tr key={one.uid}>
              <th scope="row">
                <Link to="/p/$project" params={{ project: one.name }}>
                  <bdi>{one.name}</bdi>
                </Link>
              </th>
              <td>
                <bdi>{one.description}</bdi>
              </td>
              <td>
                <bdi>{one.owner}</bdi>
              </td>
              <td>
                <TimeAgo time={one.createdAt} />
              </td>
              <td>
                <Tags tags={one.tags} />
              </td>
              <td>
                <Link to="/p/$project/settings" params={{ project: one.name }}>
                  {say("page.settings")}
                </Link>
              </td>
            </tr>
          ))}
        </ListTable>
      )}
      <More left={hasNextPage} loading={isFetchingNextPage} ask={fetchNextPage} />
      {create && <CreateForm close={() => open(false)} />}
    </Page>
  );
}

function CreateForm({ close }: { close: () => void }) {
  const { say } = useWords();
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [owner, setOwner] = useState("");
  const sent = useChange((input: { name: string; description: string | null; owner: string | null }) =>
    change(CreateProjectDocument, { input: { ...input, tags: [] } }),
  );
  return (
    <FormDialog
      title={say("projects.create")}
      submit={say("projects.create.do")}
      change={sent}
      values={() => ({ name: name.trim(), description: description.trim() || null, owner: owner.trim() || null })}
      close={close}
      done={() => void navigate({ to: "/p/$project", params: { project: name.trim() } })}
    >
      <TextInput
        label={say("projects.name")}
        description={say("projects.name.hint")}
        required
        data-autofocus
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Textarea label={say("projects.description")} autosize minRows={2} value={description} onChange={(event) => setDescription(event.currentTarget.value)} />
      <TextInput
        label={say("projects.owner")}
        description={say("projects.owner.hint")}
        value={owner}
        onChange={(event) => setOwner(event.currentTarget.value)}
      />
    </FormDialog>
  );
}
