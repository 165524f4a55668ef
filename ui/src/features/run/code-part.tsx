/** Which code a run was: repository, commit, what was not committed, and the command. */
import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Card, Cards } from "@/components/card";
import { EmptyState } from "@/components/empty-state";
import { Facts } from "@/components/facts";
import { Snippet } from "@/components/snippet";
import { Trouble } from "@/components/trouble";
import { useWords } from "@/lib/words";
import { commandOf } from "./command";
import { codeQuery, surroundingsQuery } from "./run-query";

export function CodePart({ uid }: { uid: string }) {
  const { say } = useWords();
  const { data, error, refetch } = useQuery(surroundingsQuery(uid));
  if (error && !data) return <Trouble error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton height={320} />;
  const { code, argv, workingDirectory } = data;
  if (!code && argv.length === 0) {
    return <EmptyState kind="none" title={say("run.code.none")} why={say("run.code.none.why")} />;
  }
  return (
    <Cards>
      {argv.length > 0 && (
        <Card title={say("run.command")} wide>
          <Snippet text={commandOf(argv)} />
          <Facts facts={[[say("run.folder"), workingDirectory && <code key="folder">{workingDirectory}</code>]]} />
        </Card>
      )}
      {code && (
        <Card title={say("run.part.code")} wide>
          <Facts
            facts={[
              [say("run.repo"), <bdi key="repo">{code.repo}</bdi>],
              [say("run.commit"), code.commit && <code key="commit">{code.commit}</code>],
              [say("run.branch"), code.branch],
              [say("run.entry"), code.entry],
              [say("run.dirty"), code.dirtyDigest ? say("run.dirty.yes") : say("run.dirty.no")],
            ]}
          />
          {code.dirtyDigest && <Diff code={code.uid} />}
        </Card>
      )}
    </Cards>
  );
}

function Diff({ code }: { code: string }) {
  const { say } = useWords();
  const { data, error, refetch } = useQuery(codeQuery(code));
  if (error && !data) return <Trouble error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton height={200} />;
  return data.diff ? <Snippet text={data.diff} /> : <p className="faint">{say("run.dirty.untold")}</p>;
}
