import { expect, test } from "vitest";
import { projectsSearch, settingsSearch } from "./projects-search";
import { endAfter, tokenState } from "./token-state";

const NOW = Date.parse("2026-11-28T12:00:00Z");

test("a token is valid until it ends or is ended", () => {
  const at = (expiresAt: string | null, revokedAt: string | null = null) => tokenState({ expiresAt, revokedAt }, NOW);
  expect(at(null)).toBe("valid");
  expect(at("2026-11-28T12:00:01Z")).toBe("valid");
  expect(at("2026-11-28T12:00:00Z")).toBe("expired");
  expect(at(null, "2026-11-01T00:00:00Z")).toBe("revoked");
});

test("days from now, or no end", () => {
  expect(endAfter("1.5", NOW)).toBe("2026-11-30T00:00:00.000Z");
  expect(endAfter(" ", NOW)).toBeNull();
});

test("addresses keep what they know", () => {
  expect(settingsSearch({ view: "audit", target: "model:p/m", create: "yes" })).toEqual({ view: "audit", target: "model:p/m" });
  expect(projectsSearch({ create: true, other: 1 })).toEqual({ create: true });
});
