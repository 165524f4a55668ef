import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { compileMessageOrThrow } from "@lingui/message-utils/compileMessage";
import type { CompiledMessage } from "@lingui/message-utils/compileMessage";
import type { Plugin } from "vite";

export const LANGUAGES = ["en", "ko"] as const;
const PREFIX = "virtual:messages/";
/** Letters that are not those of any translation, for finding text that was never marked. */
export const PSEUDO = "pseudo";

type Catalog = Record<string, string>;

/** `import("virtual:messages/ko")`: a catalog compiled at build time. A message that is missing in one
 * language, or that takes other values there, fails the build. */
export function messages(): Plugin {
  return {
    name: "lineage-messages",
    resolveId: (id) => (id.startsWith(PREFIX) ? `\0${id}` : null),
    load(id) {
      if (!id.startsWith(`\0${PREFIX}`)) return null;
      const catalogs = Object.fromEntries(LANGUAGES.map((one) => [one, read(one)]));
      for (const one of LANGUAGES) this.addWatchFile(path(one));
      const wrong = problems(catalogs);
      if (wrong.length) this.error(`translations are not complete:\n${wrong.join("\n")}`);
      const language = id.slice(PREFIX.length + 1);
      const found = catalogs[language === PSEUDO ? "en" : language];
      if (!found) this.error(`there is no language ${language}`);
      const compiled = Object.entries(compile(found)).map(([name, one]) => [name, language === PSEUDO ? pseudo(one) : one]);
      return `export const messages = ${JSON.stringify(Object.fromEntries(compiled))};`;
    },
  };
}

/** What keeps the catalogs from being used together, a line each. */
export function problems(catalogs: Record<string, Catalog>): string[] {
  const every = new Set(Object.values(catalogs).flatMap((one) => Object.keys(one)));
  const found: string[] = [];
  for (const id of every) {
    const taken = new Set<string>();
    for (const [language, catalog] of Object.entries(catalogs)) {
      const text = catalog[id];
      if (!text) found.push(`${language}: ${id} is missing`);
      else taken.add(values(compileMessageOrThrow(text)).join(", "));
    }
    if (taken.size > 1) found.push(`${id} takes other values in each language: ${[...taken].join(" | ")}`);
  }
  return found;
}

function compile(catalog: Catalog): Record<string, CompiledMessage> {
  return Object.fromEntries(Object.entries(catalog).map(([id, text]) => [id, compileMessageOrThrow(text)]));
}

/** Names of the values that a message takes, sorted. */
function values(message: CompiledMessage): string[] {
  const names = new Set<string>();
  const walk = (part: unknown): void => {
    if (!Array.isArray(part)) return;
    const [name, , options] = part as [unknown, unknown, unknown];
    if (typeof name === "string") names.add(name);
    if (options && typeof options === "object") for (const one of Object.values(options)) each(one);
  };
  const each = (parts: unknown): void => {
    if (Array.isArray(parts)) parts.forEach(walk);
  };
  each(message);
  return [...names].toSorted();
}

const accented = (text: string) => text.replace(/[aeiou]/g, (letter) => `${letter}\u0301`);

/** The words of a message with accents, between brackets; what it takes, and where, is left alone. */
export function pseudo(message: CompiledMessage | string): CompiledMessage {
  const parts = accentedParts(message);
  return ["⟦", ...(Array.isArray(parts) ? parts : [parts]), "⟧"] as CompiledMessage;
}

function accentedParts(message: unknown): unknown {
  if (typeof message === "string") return accented(message);
  if (!Array.isArray(message)) return message;
  return message.map((part: unknown) => {
    if (typeof part === "string") return accented(part);
    if (!Array.isArray(part)) return part;
    const [name, kind, options] = part as [unknown, unknown, unknown];
    if (!options || typeof options !== "object") return part;
    const said = Object.entries(options).map(([key, one]) => [key, accentedParts(one)]);
    return [name, kind, Object.fromEntries(said)];
  });
}

function path(language: string): string {
  return fileURLToPath(new URL(`../src/locales/${language}.json`, import.meta.url));
}

function read(language: string): Catalog {
  return JSON.parse(readFileSync(path(language), "utf8")) as Catalog;
}
