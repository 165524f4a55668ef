/** What stands around every page: rail, project, breadcrumb, palette, language, theme, person. */
import { useEffect, useState } from "react";
import { Link, useNavigate, useParams, useRouterState } from "@tanstack/react-router";
import { useSuspenseQuery } from "@tanstack/react-query";
import { Icon } from "@/components/icon";
import { later } from "@/components/later";
import { Bell } from "@/features/notifications/bell";
import { keepProject } from "@/lib/project";
import { useWords } from "@/lib/words";
import { Away } from "./away";
import { Ignored } from "./ignored";
import { LanguageMenu, PersonMenu, ProjectMenu, ThemeMenu } from "./menus";
import { PAGES, isWithin, pageOf } from "./pages";
import { shellQuery } from "./shell-query";
import { Within } from "./within";
import styles from "./shell.module.css";

const Palette = later(() => import("@/features/palette/palette").then(({ Palette: it }) => it));

/** Ctrl-K, on a Mac Cmd-K; not while an input method puts a letter together. */
function usePaletteKey(open: () => void): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.isComposing || event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      open();
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, [open]);
}

export function Shell() {
  const { say } = useWords();
  const { project } = useParams({ from: "/p/$project" });
  const { data } = useSuspenseQuery(shellQuery);
  const [palette, setPalette] = useState<"never" | "closed" | "open">("never");
  const navigate = useNavigate();
  const open = (): void => setPalette("open");
  usePaletteKey(open);
  useEffect(() => keepProject(project), [project]);

  const pages = PAGES.map(({ to, icon, name }) => ({ icon, name, go: () => void navigate({ to, params: { project } }) }));
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#main">
        {say("shell.skip")}
      </a>
      <Rail project={project} version={data.server.version} />
      <header className={styles.header}>
        <Breadcrumb project={project} projects={data.projects.edges.map(({ node }) => node.name)} />
        <div className={styles.tools}>
          <button
            type="button"
            className={styles.search}
            onClick={open}
            aria-keyshortcuts="Control+K Meta+K"
          >
            <Icon name="search" />
            <span className={styles.wide}>{say("palette.open")}</span>
            <kbd aria-hidden="true">
              {/Mac/.test(navigator.userAgent) ? "⌘K" : "Ctrl K"}
            </kbd>
          </button>
          <Bell project={project} person={`${data.me.kind}/${data.me.subject}`} />
          <LanguageMenu />
          <ThemeMenu />
          <PersonMenu project={project} subject={data.me.subject} canLeave={data.server.authMode !== "open"} />
        </div>
      </header>
      <Away />
      <Ignored />
      <main id="main" tabIndex={-1} className={styles.main}>
        <Within project={project} shell={data} />
      </main>
      {palette !== "never" && (
        <Palette project={project} pages={pages} opened={palette === "open"} close={() => setPalette("closed")} />
      )}
    </div>
  );
}

function Rail({ project, version }: { project: string; version: string }) {
  const { say } = useWords();
  return (
    <nav className={styles.rail} aria-label={say("shell.pages")}>
      <Link to="/p/$project" params={{ project }} className={styles.brand} aria-label={say("shell.brand")}>
        <img src="/pages/icon.svg" width={28} height={28} alt="" />
        <span>Lineage</span>
      </Link>
      <ul>
        {PAGES.filter(({ rail }) => rail).map((page) => (
          <li key={page.to}>
            <Link
              to={page.to}
              params={{ project }}
              className={styles.page}
              activeOptions={{ exact: page.to === "/p/$project", includeSearch: false }}
              activeProps={{ "aria-current": "page" }}
            >
              <Icon name={page.icon} size={20} />
              <span>{say(page.name)}</span>
            </Link>
          </li>
        ))}
      </ul>
      <a className={styles.about} href="/start">
        <Icon name="external" size={16} />
        <span>{say("shell.about", { version })}</span>
      </a>
    </nav>
  );
}

function Breadcrumb({ project, projects }: { project: string; projects: string[] }) {
  const { say } = useWords();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const page = pageOf(path);
  const within = isWithin(path);
  return (
    <nav className={styles.crumbs} aria-label={say("shell.place")}>
      <ol>
        <li>
          <ProjectMenu project={project} projects={projects} />
        </li>
        {page && (
          <li aria-current={within ? undefined : "page"} className={styles.here}>
            {within ? (
              <Link to={page.to} params={{ project }}>
                {say(page.name)}
              </Link>
            ) : (
              say(page.name)
            )}
          </li>
        )}
      </ol>
    </nav>
  );
}
