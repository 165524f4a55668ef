/** Roles are changed only where they are what this page showed: whoever changed one meanwhile is not overruled
 * unseen. */
import { useState } from "react";
import { SetMemberDocument } from "@/gql/graphql";
import type { Role } from "@/gql/graphql";
import { ProblemError, change } from "@/lib/change";

export const ROLES = ["VIEWER", "EDITOR", "ADMIN"] as const satisfies readonly Role[];

export interface Member {
  subject: string;
  role: Role;
}

/** Null is no member. */
export interface Changed {
  subject: string;
  from: Role | null;
  to: Role | null;
}

export interface SeenRole {
  /** Gives a role or, by null, takes it away, if it still is the one that was seen; else says in `changed` what became
   * of it, so that who sends it once more has seen that. */
  give: (subject: string, role: Role | null) => Promise<void>;
  changed: Changed | undefined;
}

export function useSeenRole(project: string, member: Member | undefined): SeenRole {
  const [seen, setSeen] = useState(() => new Map<string, Role | null>(member && [[member.subject, member.role]]));
  const [changed, setChanged] = useState<Changed>();
  const give = async (subject: string, role: Role | null): Promise<void> => {
    const expected = seen.get(subject) ?? null;
    setChanged(undefined);
    try {
      await change(SetMemberDocument, { input: { project, subject, role, expected } });
    } catch (error) {
      if (error instanceof ProblemError && error.code === "CONFLICT") {
        const now = ROLES.find((one) => one.toLowerCase() === error.current) ?? null;
        if (now !== expected) {
          setChanged({ subject, from: expected, to: now });
          setSeen((before) => new Map(before).set(subject, now));
        }
      }
      throw error;
    }
  };
  return { give, changed };
}
