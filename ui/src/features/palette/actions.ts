/** What can be done from anywhere. */
import { useMantineColorScheme } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import type { IconName } from "@/components/icon";
import { LANGUAGES, chooseLanguage, useWords } from "@/lib/words";
import type { Language } from "@/lib/words";

export interface Action {
  id: string;
  name: string;
  icon: IconName;
  /** in the language that it is said in */
  lang?: string;
  run: () => void;
}

export function useActions(project: string): Action[] {
  const { say, language } = useWords();
  const navigate = useNavigate();
  const { setColorScheme, colorScheme } = useMantineColorScheme({ keepTransitions: true });
  const dark = document.documentElement.dataset["mantineColorScheme"] === "dark" || colorScheme === "dark";
  const others = (Object.keys(LANGUAGES) as Language[]).filter((one) => one !== language);
  return [
    { id: "register", name: say("action.register"), icon: "model", run: () => void navigate({ to: "/p/$project/models", params: { project }, search: { form: true } }) },
    { id: "token", name: say("action.token"), icon: "person", run: () => void navigate({ to: "/p/$project/settings", params: { project }, search: { view: "tokens", create: true } }) },
    { id: "project", name: say("action.project"), icon: "stack", run: () => void navigate({ to: "/p/$project/projects", params: { project }, search: { create: true } }) },
    { id: "theme", name: say("action.theme"), icon: dark ? "light" : "dark", run: () => setColorScheme(dark ? "light" : "dark") },
    ...others.map((one): Action => ({ id: `language-${one}`, name: LANGUAGES[one], icon: "language", lang: one, run: () => void chooseLanguage(one) })),
    // Absent where the page came by plain http from another machine.
    ...(navigator.clipboard ? [{ id: "address", name: say("action.address"), icon: "copy", run: () => void navigator.clipboard.writeText(window.location.href) } as const] : []),
  ];
}
