/** What a run logged for people to look at: images, tables, texts. */
import { useState } from "react";
import { Button } from "@mantine/core";
import { Card, Cards } from "@/components/card";
import { EmptyState } from "@/components/empty-state";
import { FilePreview } from "@/components/file-preview";
import { useWords } from "@/lib/words";
import { nameOf } from "./data-part";
import { isLog } from "./logs-part";
import type { Run } from "./run-query";

const AT_ONCE = 8;

export function FilesPart({ run }: { run: Run }) {
  const { say } = useWords();
  const [shown, setShown] = useState(AT_ONCE);
  const files = run.outputs.edges.map(({ node }) => node).filter((one) => !isLog(one));
  if (files.length === 0) {
    return (
      <EmptyState
        kind="none"
        title={say("run.files.none")}
        why={say("run.files.none.why")}
        snippet={'run.log_table("confusion", table)\nrun.log_figure("curve", figure)\nrun.log_text("notes.md", text)'}
      />
    );
  }
  return (
    <>
      <Cards>
        {files.slice(0, shown).map((link) => (
          <Card key={`${link.role} ${link.version.uid}`} title={nameOf(link)} beside={<bdi className="faint">{link.version.kind}</bdi>}>
            <FilePreview uid={link.version.uid} name={nameOf(link)} />
          </Card>
        ))}
      </Cards>
      {files.length > shown && (
        <Button variant="default" onClick={() => setShown(shown + AT_ONCE)}>
          {say("run.files.more", { count: files.length - shown })}
        </Button>
      )}
      {run.outputs.hasMore && <p className="faint">{say("run.versions.more", { shown: files.length, count: run.outputs.totalCount ?? files.length })}</p>}
    </>
  );
}
