/** The menus of the header: project, language, theme, person. */
import { ActionIcon, Menu, UnstyledButton, useMantineColorScheme } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Icon } from "@/components/icon";
import type { IconName } from "@/components/icon";
import { signOut } from "@/lib/graphql";
import { LANGUAGES, chooseLanguage, useWords } from "@/lib/words";
import type { Language, MessageId } from "@/lib/words";
import styles from "./menus.module.css";

export function ProjectMenu({ project, projects }: { project: string; projects: string[] }) {
  const { say } = useWords();
  const navigate = useNavigate();
  const names = projects.includes(project) ? projects : [project, ...projects];
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <UnstyledButton className={styles.project} aria-label={say("shell.project", { project })}>
          <bdi>{project}</bdi> <Icon name="down" size={14} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown className={styles.long}>
        {names.map((name) => (
          <Menu.Item
            key={name}
            leftSection={<Tick on={name === project} />}
            onClick={() => void navigate({ to: "/p/$project", params: { project: name } })}
          >
            <bdi>{name}</bdi>
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={() => void navigate({ to: "/p/$project/projects", params: { project } })}>{say("shell.projects")}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

export function LanguageMenu() {
  const { say, language } = useWords();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" size="lg" color="gray" className={styles.tool} aria-label={say("shell.language")}>
          <Icon name="language" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {Object.entries(LANGUAGES).map(([code, name]) => (
          <Menu.Item
            key={code}
            lang={code}
            leftSection={<Tick on={code === language} />}
            onClick={() => void chooseLanguage(code as Language)}
          >
            {name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

const THEMES = [
  { value: "auto", icon: "system", name: "theme.system" },
  { value: "light", icon: "light", name: "theme.light" },
  { value: "dark", icon: "dark", name: "theme.dark" },
] as const satisfies readonly { value: string; icon: IconName; name: MessageId }[];

export function ThemeMenu() {
  const { say } = useWords();
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  const shown = THEMES.find((one) => one.value === colorScheme) ?? THEMES[0];
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" size="lg" color="gray" className={styles.tool} aria-label={say("shell.theme")}>
          <Icon name={shown.icon} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {THEMES.map((one) => (
          <Menu.Item
            key={one.value}
            leftSection={<Icon name={one.icon} size={16} />}
            rightSection={<Tick on={one.value === colorScheme} />}
            onClick={() => setColorScheme(one.value)}
          >
            {say(one.name)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

export function PersonMenu({ project, subject, canLeave }: { project: string; subject: string; canLeave: boolean }) {
  const { say } = useWords();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const leave = async (): Promise<void> => {
    await signOut();
    queries.clear();
    await navigate({ to: "/sign-in" });
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon
          variant="subtle"
          size="lg"
          color="gray"
          className={styles.tool}
          aria-label={say("shell.person", { subject })}
        >
          <Icon name="person" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label className={styles.who}>{say("shell.person", { subject })}</Menu.Label>
        <Menu.Item onClick={() => void navigate({ to: "/p/$project/settings", params: { project }, search: { view: "tokens" } })}>
          {say("settings.tokens")}
        </Menu.Item>
        {canLeave ? (
          <Menu.Item onClick={() => void leave()}>{say("session.leave")}</Menu.Item>
        ) : (
          <Menu.Label className={styles.who}>{say("session.open")}</Menu.Label>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

function Tick({ on }: { on: boolean }) {
  return <span className={styles.tick}>{on && <Icon name="check" size={16} />}</span>;
}
