/** What a run's command wrote, its end first: that is where it says what went wrong. */
import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Card, Cards } from "@/components/card";
import { EmptyState } from "@/components/empty-state";
import { Trouble } from "@/components/trouble";
import { bytes } from "@/lib/format";
import { downloadOf, textOf } from "@/lib/stored";
import { useWords } from "@/lib/words";
import { nameOf } from "./data-part";
import type { Link, Run } from "./run-query";
import styles from "./logs-part.module.css";

export const isLog = ({ version }: Link): boolean => version.kind === "log";

/** Of a log, as much as somebody scrolls through. */
const SHOWN = 200_000;

/** Out here, so that it is called once: whoever scrolls on is left there when the run goes on. */
const toEnd = (it: HTMLElement | null): void => void it?.scrollTo({ top: it.scrollHeight });

export function LogsPart({ run }: { run: Run }) {
  const { say } = useWords();
  const logs = run.outputs.edges.map(({ node }) => node).filter(isLog);
  if (logs.length === 0) {
    return <EmptyState kind="none" title={say("run.logs.none")} why={say("run.logs.none.why")} snippet="lineage run --log -- python train.py" />;
  }
  return (
    <Cards>
      {logs.map((link) => (
        <Card key={link.version.uid} title={nameOf(link)} wide>
          <Log link={link} />
        </Card>
      ))}
    </Cards>
  );
}

function Log({ link }: { link: Link }) {
  const { say, language } = useWords();
  const { uid, size } = link.version;
  const { data, error, refetch } = useQuery({ queryKey: ["log", uid], queryFn: ({ signal }) => textOf(uid, signal), staleTime: Infinity });
  if (error) return <Trouble error={error} retry={() => void refetch()} />;
  if (data === undefined) return <Skeleton height={240} />;
  const end = data.text.slice(-SHOWN);
  return (
    <>
      <section ref={toEnd} className={styles.log} tabIndex={0} aria-label={nameOf(link)}>
        <pre>{end}</pre>
      </section>
      <p className="faint">
        {end.length < data.text.length && `${say("run.logs.end", { size: bytes(SHOWN, language) })} `}
        <a href={downloadOf(uid, data.path)} download={data.path}>
          {say("run.logs.save", { size: bytes(size ?? data.text.length, language) })}
        </a>
      </p>
    </>
  );
}
