/** Why there is nothing to show, also while it is read again by itself: what is told does not blink. */
import { useState } from "react";

export interface Lasting {
  trouble: Error | null;
  /** Somebody asks again: that something is under way is shown then. */
  forget: () => void;
}

/** `key`: what was asked for; the trouble with another thing is none with this one. */
export function useLasting(key: string, error: Error | null, data: unknown): Lasting {
  const [last, keep] = useState<{ key: string; error: Error }>();
  const known = last?.key === key ? last.error : null;
  if (error && error !== known) keep({ key, error });
  return { trouble: data === undefined ? (error ?? known) : null, forget: () => keep(undefined) };
}
