/** One registered model: its versions, what they are called, who let them pass. */
import { useEffect, useMemo, useState } from "react";
import type { ComponentType, ReactNode } from "react";
import { Button, Skeleton } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { EmptyState } from "@/components/empty-state";
import { More } from "@/components/more";
import { Page } from "@/components/page";
import { Sections } from "@/components/sections";
import { StateBadge } from "@/components/state-badge";
import { Tags } from "@/components/tags";
import { Trouble } from "@/components/trouble";
import { useLasting } from "@/lib/lasting";
import { useOwnProject } from "@/lib/own-project";
import { sceneLook } from "@/lib/scene-look";
import type { SceneLook, SceneSlotProps } from "@/lib/scene-look";
import { without } from "@/lib/without";
import { useWords } from "@/lib/words";
import { ModelAliases } from "./model-aliases";
import { ModelApprovals } from "./model-approvals";
import { ModelCard } from "./model-card";
import { ModelFigures } from "./model-figures";
import { ModelHistory } from "./model-history";
import { versionCalled } from "./model-meant";
import { modelQuery, useLiveModels } from "./model-query";
import type { Model, ModelVersion } from "./model-query";
import type { ModelView } from "./model-search";
import { ModelVersions } from "./model-versions";
import { StateForm } from "./state-form";
import { useSought } from "./use-sought";

const VIEWS = [
  { id: "versions", name: "artifacts.versions" },
  { id: "tree", name: "artifact.tree" },
  { id: "card", name: "model.card" },
  { id: "compare", name: "version.compare" },
  { id: "aliases", name: "models.aliases" },
  { id: "approvals", name: "model.approvals" },
  { id: "history", name: "model.history" },
] as const;

export interface ModelPageProps {
  /** draws versions and what they were derived from */
  tree: ComponentType<SceneSlotProps>;
}

export function ModelPage({ tree }: ModelPageProps) {
  const { project } = useParams({ from: "/p/$project/model" });
  const { of, v } = useSearch({ from: "/p/$project/model" });
  const navigate = useNavigate({ from: "/p/$project/model" });
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery(modelQuery(project, of));
  const { trouble, forget } = useLasting(of, error, data);
  const { model, v: named } = data?.pages[0] ?? {};
  const settled = model?.uid === of;
  useEffect(() => {
    if (model && !settled) void navigate({ search: (told) => ({ ...told, of: model.uid, ...(named && !told.v && { v: named }) }), replace: true });
  }, [model, named, settled, navigate]);
  useOwnProject(settled ? model.project : undefined);
  useLiveModels(project);
  const listed = useMemo(() => data?.pages.flatMap((page) => page.modelVersions.edges.map(({ node }) => node)), [data]);
  const asked = settled ? versionCalled(model.aliases, v) : undefined;
  const sought = useSought(asked, { of, listed, hasNextPage, isFetchingNextPage, fetchNextPage });
  if (trouble) return <Trouble alone error={trouble} retry={() => (forget(), void refetch())} />;
  if (!settled || !listed) return <Skeleton height={420} m="lg" />;
  const count = data?.pages[0]?.modelVersions.totalCount ?? listed.length;
  return (
    <Shown model={model} versions={listed} count={count} asked={asked} sought={sought} tree={tree}>
      <More left={hasNextPage} loading={isFetchingNextPage} ask={fetchNextPage} />
    </Shown>
  );
}

interface ShownProps extends ModelPageProps {
  model: Model;
  versions: ModelVersion[];
  count: number;
  asked: string | undefined;
  sought: boolean;
  children: ReactNode;
}

function Shown({ model, versions, count, asked, sought, tree: Tree, children }: ShownProps) {
  const { say } = useWords();
  const { project } = useParams({ from: "/p/$project/model" });
  const search = useSearch({ from: "/p/$project/model" });
  const { view = "versions" } = search;
  const navigate = useNavigate({ from: "/p/$project/model" });
  const [filing, setFiling] = useState(false);
  const archived = model.state === "archived";
  const choose = (chosen: ModelView): void => {
    void navigate({ search: (told) => ({ ...told, view: chosen }) });
  };
  const change = (look: SceneLook): void => void navigate({ search: (told) => ({ ...without(told, "at", "form", "more"), ...look }), replace: true });
  const about = (
    <>
      {model.title && <bdi>{model.name} · </bdi>}
      {model.owner && <bdi>{model.owner} · </bdi>}
      <bdi>{model.description}</bdi> <StateBadge state={archived ? "archived" : ""} />
      <Tags tags={model.tags} />
    </>
  );
  return (
    <Page
      title={<bdi>{model.title || model.name}</bdi>}
      about={about}
      actions={
        <Button variant="default" onClick={() => setFiling(true)}>
          {say(archived ? "model.restore" : "model.archive")}
        </Button>
      }
    >
      <Sections label={say("model.views")} views={VIEWS} shown={view} choose={choose}>
        {view === "versions" && (versions.length ? <ModelVersions {...{ model, versions, count, asked, sought }} /> : <NoVersions />)}
        {view === "versions" && children}
        {view === "tree" && (
          <Tree project={project} uid={model.uid} look={sceneLook({ ...search })} change={change} />
        )}
        {view === "card" && <ModelCard model={model} />}
        {view === "compare" && (versions.length ? <ModelFigures versions={versions} /> : <NoVersions />)}
        {view === "aliases" && <ModelAliases model={model} versions={versions} />}
        {view === "approvals" && <ModelApprovals model={model} versions={versions} />}
        {view === "history" && <ModelHistory of={model.uid} project={project} />}
      </Sections>
      {filing && <StateForm of={model.uid} name={model.name} archived={archived} close={() => setFiling(false)} />}
    </Page>
  );
}

function NoVersions() {
  const { say } = useWords();
  return <EmptyState kind="none" title={say("artifact.none")} why={say("model.none.why")} />;
}
