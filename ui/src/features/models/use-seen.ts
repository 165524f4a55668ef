/** Changes of aliases that are made only where an alias points to what this page showed: whoever moved it meanwhile
 * is not overruled unseen. */
import { useState } from "react";
import { AliasDocument } from "@/gql/graphql";
import { ProblemError } from "@/lib/change";
import { AskError, ask } from "@/lib/graphql";
import type { Model } from "./model-query";

/** Versions; empty where it pointed nowhere. */
export interface Moved {
  alias: string;
  from: string;
  to: string;
}

export interface Seen {
  /** Does `work` if the alias points to the version that it is given; else says in `moved` what became of it, so that
   * who sends it once more has seen that. Raises what `work` raises. */
  unmoved: (alias: string, work: (expected: string) => Promise<unknown>) => Promise<void>;
  moved: Moved | undefined;
}

export function useSeen(model: Model): Seen {
  const [seen, setSeen] = useState(() => new Map(model.aliases.map((one) => [one.name, one.version ?? ""])));
  const [moved, setMoved] = useState<Moved>();
  const unmoved = async (alias: string, work: (expected: string) => Promise<unknown>): Promise<void> => {
    const from = seen.get(alias) ?? "";
    setMoved(undefined);
    try {
      await work(from);
    } catch (error) {
      if (error instanceof ProblemError && error.code === "CONFLICT") {
        const to = await versionNow(model, alias);
        if (to !== from) {
          setMoved({ alias, from, to });
          setSeen((before) => new Map(before).set(alias, to));
        }
      }
      throw error;
    }
  };
  return { unmoved, moved };
}

async function versionNow({ uid, project }: Model, name: string): Promise<string> {
  try {
    return (await ask(AliasDocument, { model: uid, name, project })).alias.version ?? "";
  } catch (error) {
    if (error instanceof AskError && error.code === "NOT_FOUND") return "";
    throw error;
  }
}
