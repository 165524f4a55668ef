/** Tokens that open this server: made, shown once, ended. */
import { useState } from "react";
import { Button, Checkbox, Skeleton } from "@mantine/core";
import "@mantine/core/styles/Checkbox.css";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { ListTable } from "@/components/list-table";
import { EmptyState } from "@/components/empty-state";
import { FormDialog } from "@/components/form-dialog";
import { More } from "@/components/more";
import { TimeAgo } from "@/components/time-ago";
import { Trouble } from "@/components/trouble";
import { RevokeTokenDocument, TokensDocument } from "@/gql/graphql";
import type { TokensQuery } from "@/gql/graphql";
import { change, useChange } from "@/lib/change";
import { ask } from "@/lib/graphql";
import { pageAfter } from "@/lib/pages";
import { without } from "@/lib/without";
import { useWords } from "@/lib/words";
import { TokenForm } from "./token-form";
import { tokenState } from "./token-state";
import styles from "./projects.module.css";

type Token = TokensQuery["tokens"]["edges"][number]["node"];

export function Tokens({ project }: { project: string }) {
  const { say } = useWords();
  const { create } = useSearch({ from: "/p/$project/settings" });
  const navigate = useNavigate({ from: "/p/$project/settings" });
  const [all, setAll] = useState(false);
  const [ending, setEnding] = useState<Token>();
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ["tokens", all],
    queryFn: ({ pageParam, signal }) => ask(TokensDocument, { includeRevoked: all, first: 100, after: pageParam }, signal),
    initialPageParam: "",
    getNextPageParam: ({ tokens }) => pageAfter(tokens.pageInfo),
  });
  const open = (opened: boolean): void => {
    void navigate({ search: (told) => ({ ...without(told, "create"), ...(opened && { create: true as const }) }), replace: true });
  };
  const tokens = data?.pages.flatMap((page) => page.tokens.edges.map(({ node }) => node));
  return (
    <>
      <div className={styles.buttons}>
        <Button size="xs" onClick={() => open(true)}>
          {say("tokens.create")}
        </Button>
      </div>
      <Checkbox label={say("tokens.all")} checked={all} onChange={(event) => setAll(event.currentTarget.checked)} />
      {error && !data && <Trouble error={error} retry={() => void refetch()} />}
      {!tokens && !error && <Skeleton height={240} />}
      {tokens?.length === 0 && <EmptyState kind="none" title={say("tokens.none")} why={say("tokens.none.why")} />}
      {tokens && tokens.length > 0 && <TokenTable tokens={tokens} end={setEnding} />}
      <More left={hasNextPage} loading={isFetchingNextPage} ask={fetchNextPage} />
      {create && <TokenForm project={project} close={() => open(false)} />}
      {ending && <RevokeForm token={ending} close={() => setEnding(undefined)} />}
    </>
  );
}

function TokenTable({ tokens, end }: { tokens: readonly Token[]; end: (token: Token) => void }) {
  const { say } = useWords();
  const columns = [say("tokens.name"), say("members.subject"), say("tokens.scopes"), say("tokens.state"), say("tokens.expires"), say("tokens.used"), say("tokens.made"), ""];
  return (
    <ListTable label={say("settings.tokens")} columns={columns}>
      {tokens.map((one) => {
        const state = tokenState(one);
        return (
          <tr key={one.uid}>
            <th scope="row">
              <bdi>{one.name}</bdi>
            </th>
            <td>
              <bdi>{one.subject}</bdi>
            </td>
            <td>
              {one.scopes.length === 0 ? say("tokens.scopes.none") : <code>{one.scopes.map((scope) => `${scope.project}=${scope.role.toLowerCase()}`).join(" ")}</code>}
            </td>
            <td>{say(`tokens.${state}`)}</td>
            <td>
              <TimeAgo time={one.expiresAt} />
            </td>
            <td>
              <TimeAgo time={one.lastUsedAt} />
            </td>
            <td>
              <TimeAgo time={one.createdAt} />
            </td>
            <td>
              {state !== "revoked" && (
                <Button size="compact-xs" variant="default" onClick={() => end(one)} aria-label={say("tokens.revoke.of", { name: one.name })}>
                  {say("tokens.revoke")}
                </Button>
              )}
            </td>
          </tr>
        );
      })}
    </ListTable>
  );
}

function RevokeForm({ token, close }: { token: Token; close: () => void }) {
  const { say } = useWords();
  const sent = useChange((uid: string) => change(RevokeTokenDocument, { input: { token: uid } }));
  return (
    <FormDialog
      title={say("tokens.revoke.of", { name: token.name })}
      about={say("tokens.revoke.what")}
      submit={say("tokens.revoke")}
      danger
      change={sent}
      values={() => token.uid}
      close={close}
    />
  );
}
