/** Where a version would be that an address names and that is not there: which there are. */
import { Link } from "@tanstack/react-router";
import { without } from "@/lib/without";
import { useWords } from "@/lib/words";
import { EmptyState } from "./empty-state";

export interface NoVersionProps {
  /** as the address names it */
  wanted: string;
  /** what the newest of those that are there are called, the newest first */
  newest: readonly string[];
  /** how many there are */
  count: number;
}

/** What an address says of the version that is looked at. */
interface Told {
  v?: string;
  with?: string;
}

const NAMED = 5;

export function NoVersion({ wanted, newest, count }: NoVersionProps) {
  const { say, language } = useWords();
  const versions = new Intl.ListFormat(language).format(newest.slice(0, NAMED));
  return (
    <EmptyState
      kind="none"
      title={say("version.missing", { version: wanted })}
      why={say("version.missing.why", { count, versions })}
      action={
        <Link to="." search={((told: Told) => without(told, "v", "with")) as never}>
          {say("version.missing.newest", { version: newest[0] ?? "" })}
        </Link>
      }
    />
  );
}
