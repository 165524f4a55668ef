/** The server itself: whether its parts work, what it would not take, how long it keeps what. */
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Page } from "@/components/page";
import { Sections } from "@/components/sections";
import { useWords } from "@/lib/words";
import type { AdminView } from "./admin-search";
import { Gaps } from "./gaps";
import { Health } from "./health";
import { Refused } from "./refused";
import { Retention } from "./retention";

const VIEWS = [
  { id: "health", name: "admin.health" },
  { id: "refused", name: "admin.refused" },
  { id: "retention", name: "admin.retention" },
  { id: "gaps", name: "admin.gaps" },
] as const;

export function AdminPage() {
  const { say } = useWords();
  const { view = "health" } = useSearch({ from: "/p/$project/admin" });
  const navigate = useNavigate({ from: "/p/$project/admin" });
  const choose = (chosen: AdminView): void => {
    void navigate({ search: { view: chosen } });
  };
  return (
    <Page title={say("page.admin")} about={say("admin.what")}>
      <Sections label={say("admin.views")} views={VIEWS} shown={view} choose={choose}>
        {view === "health" && <Health />}
        {view === "refused" && <Refused />}
        {view === "retention" && <Retention />}
        {view === "gaps" && <Gaps />}
      </Sections>
    </Page>
  );
}
