/** Whether a token opens anything now. Pure. */

interface Ended {
  expiresAt: string | null;
  revokedAt: string | null;
}

export type TokenState = "revoked" | "expired" | "valid";

/** `now` in milliseconds. */
export function tokenState({ expiresAt, revokedAt }: Ended, now = Date.now()): TokenState {
  if (revokedAt !== null) return "revoked";
  return expiresAt !== null && Date.parse(expiresAt) <= now ? "expired" : "valid";
}

/** When a token ends that lives so many days; null where that is left open. */
export function endAfter(days: string, now = Date.now()): string | null {
  const number = Number(days);
  return days.trim() === "" || !Number.isFinite(number) ? null : new Date(now + number * 86_400_000).toISOString();
}
