import { readFileSync } from "node:fs";
import { describe, expect, test, vi } from "vitest";
import en from "../src/locales/en.json";
import ko from "../src/locales/ko.json";
import { messages, problems, pseudo } from "./messages";

vi.mock("node:fs", async (original) => {
  const fs = await original<typeof import("node:fs")>();
  return { ...fs, readFileSync: vi.fn(fs.readFileSync) };
});

/** What a build makes of a language; raises what ends the build. */
function built(language: string): string {
  const error = (told: string): never => {
    throw new Error(told);
  };
  const { load } = messages() as unknown as { load: (this: object, id: string) => string };
  return load.call({ error, addWatchFile: () => undefined }, `\0virtual:messages/${language}`);
}

describe("translations", () => {
  test("English and Korean are complete and take the same values", () => {
    expect(problems({ en, ko })).toEqual([]);
  });

  test("a message that is missing or empty in one language is told", () => {
    expect(problems({ en: { a: "A", b: "B" }, ko: { a: "가", b: "" } })).toEqual(["ko: b is missing"]);
    expect(problems({ en: {}, ko: { a: "가" } })).toEqual(["en: a is missing"]);
  });

  test("a build ends where a message is missing in any language, and says which", () => {
    expect(built("ko")).toContain("export const messages");
    const { "page.runs": _runs, ...fewer } = ko;
    vi.mocked(readFileSync).mockImplementation((path) => JSON.stringify(String(path).endsWith("ko.json") ? fewer : en));
    expect(() => built("en")).toThrow("translations are not complete:\nko: page.runs is missing");
    vi.mocked(readFileSync).mockRestore();
  });

  test("a value that only one language takes is told, also inside of a plural", () => {
    const told = problems({
      en: { a: "{n, plural, one {# run of {who}} other {# runs}}", b: "{x}" },
      ko: { a: "실행 {n}개", b: "{x}" },
    });
    expect(told).toHaveLength(1);
    expect(told[0]).toContain("who");
  });

  test("of no language at all stand between brackets, values and choices as they are", () => {
    expect(pseudo("Open")).toEqual(["⟦", "Ope\u0301n", "⟧"]);
    expect(pseudo(["to ", ["name"], ["n", "plural", { one: "one", other: ["#", " runs"] }]])).toEqual([
      "⟦", "to\u0301 ", ["name"], ["n", "plural", { one: "o\u0301ne\u0301", other: ["#", " ru\u0301ns"] }], "⟧",
    ]);
  });

  test("Korean puts no particle right after a value, since it would depend on the value", () => {
    const particles = /\}(을|를|이|가|은|는|와|과|으로|로)(?=[\s.,]|$)/;
    expect(Object.entries(ko).filter(([, text]) => particles.test(text))).toEqual([]);
  });
});
