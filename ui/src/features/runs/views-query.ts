/** Views of a project that one may open; those that an older web view left in this browser are given to the server first. */
import { queryOptions } from "@tanstack/react-query";
import { SaveViewDocument, SavedViewsDocument } from "@/gql/graphql";
import type { SavedViewsQuery } from "@/gql/graphql";
import { change } from "@/lib/change";
import { ask } from "@/lib/graphql";
import { inputOf, keptViews, letGo, nameThere } from "./views";
import type { View } from "./views";

export interface Views {
  views: View[];
  /** that others of the project see it, too */
  mayShare: boolean;
}

export const viewsQuery = (project: string) =>
  queryOptions({
    queryKey: ["views", project],
    queryFn: async ({ signal }): Promise<Views> => {
      const told = await ask(SavedViewsDocument, { project }, signal);
      return { views: await withKept(project, told.savedViews), mayShare: maySharing(told.me, project) };
    },
  });

function maySharing({ platformAdmin, everywhere, projects }: SavedViewsQuery["me"], project: string): boolean {
  const roles = [everywhere, projects.find((one) => one.project === project)?.role];
  return platformAdmin || roles.some((role) => role === "EDITOR" || role === "ADMIN");
}

/** One that the server does not take stays in the browser, and is offered to it again the next time. */
async function withKept(project: string, views: readonly View[]): Promise<View[]> {
  const all = [...views];
  for (const [name, search] of Object.entries(keptViews(project))) {
    const wanted = nameThere(all, name, search);
    try {
      const saved = wanted === undefined ? undefined : await change(SaveViewDocument, { input: inputOf(project, wanted, search) });
      if (saved?.view) all.push(saved.view);
      letGo(project, name);
    } catch {
      continue;
    }
  }
  return all.toSorted((a, b) => a.name.localeCompare(b.name));
}
