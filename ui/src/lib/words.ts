/** What is said to people: messages by id, in the language that is in force. */
import { i18n } from "@lingui/core";
import { useLingui } from "@lingui/react";
import type en from "@/locales/en.json";

export type MessageId = keyof typeof en;
export type Values = Record<string, string | number>;
export type Say = (id: MessageId, values?: Values) => string;

export const LANGUAGES = { en: "English", ko: "한국어" } as const;
export type Language = keyof typeof LANGUAGES;

const KEPT = "lineage.language";
const CATALOGS: Record<Language, () => Promise<{ messages: Record<string, unknown> }>> = {
  en: () => import("virtual:messages/en"),
  ko: () => import("virtual:messages/ko"),
};

/** The kept choice, else the first of the browser's languages that we speak. */
export function preferredLanguage(): Language {
  const kept = localStorage.getItem(KEPT);
  const wanted = [kept ?? "", ...navigator.languages].map((one) => one.split("-")[0] ?? "");
  return wanted.find((one): one is Language => one in LANGUAGES) ?? "en";
}

/** Loads a language and puts it in force. */
export async function speak(language: Language): Promise<void> {
  // Between brackets, for finding what was never marked as a text; nobody is offered it.
  const pseudo = localStorage.getItem(KEPT) === "pseudo";
  const { messages } = pseudo ? await import("virtual:messages/pseudo") : await CATALOGS[language]();
  i18n.loadAndActivate({ locale: language, messages: messages as never });
  document.documentElement.lang = language;
}

/** The same, and keeps it for the next visit. */
export async function chooseLanguage(language: Language): Promise<void> {
  localStorage.setItem(KEPT, language);
  await speak(language);
}

/** Says messages; a component that uses it is drawn anew when the language changes. */
export function useWords(): { say: Say; language: Language } {
  const { i18n: spoken } = useLingui();
  return { say: (id, values) => spoken._(id, values), language: spoken.locale as Language };
}
