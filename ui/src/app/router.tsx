/** All addresses of the page, and what is true for each: errors, sessions, what loads when. */
import { QueryCache, QueryClient } from "@tanstack/react-query";
import type { QueryKey } from "@tanstack/react-query";
import {
  Navigate,
  Outlet,
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
import { Trouble } from "@/components/trouble";
import { artifactSearch, artifactsSearch } from "@/features/artifacts/artifact-search";
import { compareSearch } from "@/features/compare/compare-search";
import { HomePage } from "@/features/home/home-page";
import { lineageSearch } from "@/features/lineage/lineage-search";
import { modelSearch, modelsSearch } from "@/features/models/model-search";
import { runSearch } from "@/features/run/run-search";
import { runsSearch } from "@/features/runs/runs-search";
import { searchSearch } from "@/features/search/search-search";
import { projectsSearch, settingsSearch } from "@/features/projects/projects-search";
import { adminSearch } from "@/features/admin/admin-search";
import { CodeError, codeOf, loadAgain } from "@/lib/code";
import { AskError, AwayError } from "@/lib/graphql";
import { healthQuery, useWhenWell, wasAway } from "@/lib/health";
import { preferredProject } from "@/lib/project";
import { knownSearch, toldSearch } from "./known-search";
import { shellQuery } from "./shell-query";
import { NotFound, NotFoundHere } from "./not-found";
import { Shell } from "./shell";

const FRESH_MILLISECONDS = 5_000;
const TRIES = 2;

export const queries = new QueryClient({
  queryCache: new QueryCache({ onError: (error, { queryKey }) => (leaveWhenOver(error), askWhatIsAway(error, queryKey)) }),
  defaultOptions: {
    queries: {
      staleTime: FRESH_MILLISECONDS,
      retry: (failed, error) => error instanceof AskError && error.retriable && !(error instanceof AwayError) && failed < TRIES,
    },
  },
});

/** A session that is over leads to the sign-in page, which leads back. */
function leaveWhenOver(error: unknown): void {
  if (!(error instanceof AskError) || error.code !== "UNAUTHENTICATED") return;
  const { pathname, href } = router.state.location;
  if (pathname === "/sign-in") return;
  void router.navigate({ to: "/sign-in", search: { next: href }, replace: true });
}

/** One question that failed says sooner than the next turn that something is away. */
function askWhatIsAway(error: unknown, key: QueryKey): void {
  if (key === healthQuery.queryKey || !wasAway(error)) return;
  void queries.refetchQueries({ queryKey: healthQuery.queryKey }, { cancelRefetch: false });
}

const root = createRootRouteWithContext<{ queries: QueryClient }>()({
  component: Outlet,
  notFoundComponent: NotFound,
});

const start = createRoute({
  getParentRoute: () => root,
  path: "/",
  loader: async ({ context }) => {
    const { projects } = await context.queries.ensureQueryData(shellQuery);
    const names = projects.edges.map(({ node }) => node.name);
    throw redirect({ to: "/p/$project", params: { project: preferredProject(names) }, replace: true });
  },
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: knownSearch(({ next }): { next?: string } =>
    // Only paths of our own: an address in a link must not lead somewhere else after signing in.
    typeof next === "string" && /^\/(?![/\\])/.test(next) ? { next } : {},
  ),
  component: lazyRouteComponent(() => codeOf(import("@/features/session/sign-in-page")), "SignInPage"),
});

const project = createRoute({
  getParentRoute: () => root,
  path: "/p/$project",
  loader: ({ context }) => context.queries.ensureQueryData(shellQuery),
  component: Shell,
  notFoundComponent: NotFoundHere,
});

const home = createRoute({ getParentRoute: () => project, path: "/", component: Home });

function Home() {
  const params = project.useParams();
  return <HomePage key={params.project} project={params.project} />;
}

const runs = createRoute({
  getParentRoute: () => project,
  path: "/runs",
  validateSearch: toldSearch(runsSearch),
  component: lazyRouteComponent(() => codeOf(import("@/features/runs/runs-page")), "RunsPage"),
});

const run = createRoute({
  getParentRoute: () => project,
  path: "/runs/$uid",
  validateSearch: toldSearch(runSearch),
  component: lazyRouteComponent(() => codeOf(import("./run-route")), "RunRoute"),
});

const compare = createRoute({
  getParentRoute: () => project,
  path: "/compare",
  validateSearch: toldSearch(compareSearch),
  component: lazyRouteComponent(() => codeOf(import("@/features/compare/compare-page")), "ComparePage"),
});

const lineage = createRoute({
  getParentRoute: () => project,
  path: "/lineage",
  validateSearch: toldSearch(lineageSearch),
  component: lazyRouteComponent(() => codeOf(import("@/features/lineage/lineage-page")), "LineagePage"),
});

const artifacts = createRoute({
  getParentRoute: () => project,
  path: "/artifacts",
  validateSearch: toldSearch(artifactsSearch),
  component: lazyRouteComponent(() => codeOf(import("@/features/artifacts/artifacts-page")), "ArtifactsPage"),
});

const artifact = createRoute({
  getParentRoute: () => project,
  path: "/artifact",
  validateSearch: toldSearch(artifactSearch),
  component: lazyRouteComponent(() => codeOf(import("./artifact-route")), "ArtifactRoute"),
});

const models = createRoute({
  getParentRoute: () => project,
  path: "/models",
  validateSearch: toldSearch(modelsSearch),
  component: lazyRouteComponent(() => codeOf(import("@/features/models/models-page")), "ModelsPage"),
});

const model = createRoute({
  getParentRoute: () => project,
  path: "/model",
  validateSearch: toldSearch(modelSearch),
  component: lazyRouteComponent(() => codeOf(import("./model-route")), "ModelRoute"),
});

const found = createRoute({
  getParentRoute: () => project,
  path: "/search",
  validateSearch: toldSearch(searchSearch),
  component: lazyRouteComponent(() => codeOf(import("@/features/search/search-page")), "SearchPage"),
});

const projects = createRoute({
  getParentRoute: () => project,
  path: "/projects",
  validateSearch: toldSearch(projectsSearch),
  component: lazyRouteComponent(() => codeOf(import("@/features/projects/projects-page")), "ProjectsPage"),
});

const settings = createRoute({
  getParentRoute: () => project,
  path: "/settings",
  validateSearch: toldSearch(settingsSearch),
  component: lazyRouteComponent(() => codeOf(import("@/features/projects/settings-page")), "SettingsPage"),
});

const admin = createRoute({
  getParentRoute: () => project,
  path: "/admin",
  validateSearch: toldSearch(adminSearch),
  component: lazyRouteComponent(() => codeOf(import("@/features/admin/admin-page")), "AdminPage"),
});

/** A failure of a page is shown in its place; that nobody is signed in leads away from it. */
function Failed({ error, reset }: { error: unknown; reset: () => void }) {
  if (error instanceof AskError && error.code === "UNAUTHENTICATED") {
    return <Navigate to="/sign-in" search={{ next: window.location.pathname + window.location.search }} replace />;
  }
  const retry = (): void => {
    if (error instanceof CodeError) {
      void loadAgain();
      return;
    }
    reset();
    void router.invalidate();
  };
  return (
    <>
      {wasAway(error) && <WhenWell again={retry} />}
      <Trouble alone error={error} retry={retry} />
    </>
  );
}

function WhenWell({ again }: { again: () => void }) {
  useWhenWell(again);
  return null;
}

export const router = createRouter({
  routeTree: root.addChildren([
    start,
    signIn,
    project.addChildren([
      home,
      runs,
      run,
      compare,
      artifacts,
      artifact,
      models,
      model,
      found,
      projects,
      settings,
      admin,
      lineage,
    ]),
  ]),
  context: { queries },
  defaultPreload: "intent",
  defaultErrorComponent: Failed,
  defaultNotFoundComponent: NotFound,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
