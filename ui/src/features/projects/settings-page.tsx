/** Who may do what in a project, who did what, and who is told of it. */
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Page } from "@/components/page";
import { Sections } from "@/components/sections";
import { useWords } from "@/lib/words";
import { Audit } from "./audit";
import { Members } from "./members";
import type { SettingsView } from "./projects-search";
import { Tokens } from "./tokens";
import { Webhooks } from "./webhooks";

const VIEWS = [
  { id: "members", name: "settings.members" },
  { id: "tokens", name: "settings.tokens" },
  { id: "audit", name: "settings.audit" },
  { id: "webhooks", name: "settings.webhooks" },
] as const;

export function SettingsPage() {
  const { say } = useWords();
  const { project } = useParams({ from: "/p/$project/settings" });
  const { view = "members" } = useSearch({ from: "/p/$project/settings" });
  const navigate = useNavigate({ from: "/p/$project/settings" });
  const choose = (chosen: SettingsView): void => {
    void navigate({ search: { view: chosen } });
  };
  return (
    <Page title={say("page.settings")}>
      <Sections label={say("settings.views")} views={VIEWS} shown={view} choose={choose}>
        {view === "members" && <Members project={project} />}
        {view === "tokens" && <Tokens project={project} />}
        {view === "audit" && <Audit project={project} />}
        {view === "webhooks" && <Webhooks project={project} />}
      </Sections>
    </Page>
  );
}
