/** One artifact: its versions, and one of them in full. */
import { useState } from "react";
import type { ComponentType } from "react";
import { Skeleton, Button } from "@mantine/core";
import { infiniteQueryOptions, useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { EmptyState } from "@/components/empty-state";
import { More } from "@/components/more";
import { NoVersion } from "@/components/no-version";
import { Page } from "@/components/page";
import { Tags } from "@/components/tags";
import { TimeAgo } from "@/components/time-ago";
import { Trouble } from "@/components/trouble";
import { ArtifactDocument } from "@/gql/graphql";
import { bytes } from "@/lib/format";
import { ask } from "@/lib/graphql";
import { useLasting } from "@/lib/lasting";
import { useOwnProject } from "@/lib/own-project";
import { pageAfter } from "@/lib/pages";
import { sceneLook } from "@/lib/scene-look";
import type { SceneLook, SceneSlotProps } from "@/lib/scene-look";
import { without } from "@/lib/without";
import { useWords } from "@/lib/words";
import { isAsked, versionAsked, versionName } from "./version-name";
import type { ListedVersion } from "./version-name";
import { useLiveArtifact } from "./version-query";
import { VersionShown } from "./version-shown";
import styles from "./artifacts.module.css";

const artifactQuery = (project: string, ref: string) =>
  infiniteQueryOptions({
    queryKey: ["artifact", project, ref],
    queryFn: ({ pageParam, signal }) => ask(ArtifactDocument, { ref, project, first: 50, after: pageParam }, signal),
    initialPageParam: "",
    getNextPageParam: ({ artifact }) => pageAfter(artifact.versions.pageInfo),
  });

export interface ArtifactPageProps {
  /** draws versions and what they were derived from */
  tree: ComponentType<SceneSlotProps>;
}

export function ArtifactPage({ tree: Tree }: ArtifactPageProps) {
  const { say } = useWords();
  const navigate = useNavigate({ from: "/p/$project/artifact" });
  const { project } = useParams({ from: "/p/$project/artifact" });
  const search = useSearch({ from: "/p/$project/artifact" });
  const { of, v } = search;
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetching, isFetchingNextPage } = useInfiniteQuery(artifactQuery(project, of));
  const { trouble, forget } = useLasting(of, error, data);
  useOwnProject(data?.pages[0]?.artifact.project);
  useLiveArtifact(project);
  const newest = useNewest(of, data?.pages[0]?.artifact.versions.edges[0]?.node.uid, !isFetching);
  if (trouble) return <Trouble alone error={trouble} retry={() => (forget(), void refetch())} />;
  if (!data) return <Skeleton height={420} m="lg" />;
  const artifact = data.pages[0]?.artifact;
  const versions = data.pages.flatMap((page) => page.artifact.versions.edges.map(({ node }) => node));
  const shown = v === undefined ? newest : artifact && versionAsked(artifact, v);
  const missing = v !== undefined && (
    <NoVersion
      wanted={v.slice(v.lastIndexOf("@") + 1)}
      newest={versions.map((one) => versionName(one).replace(/^[@ ]/, ""))}
      count={artifact?.versionCount ?? versions.length}
    />
  );
  const change = (look: SceneLook): void => void navigate({ search: (told) => ({ ...without(told, "at", "form", "more"), ...look }), replace: true });
  return (
    <Page
      title={<bdi>{artifact?.name}</bdi>}
      about={
        <>
          <bdi>{artifact?.kind}</bdi> {artifact?.description && <bdi>· {artifact.description}</bdi>}
          <Tags tags={artifact?.tags ?? []} />
        </>
      }
      actions={
        shown && (
          <>
            <TreeLink on={search.tree !== true} />
            <Button component={Link} to="/p/$project/lineage" params={{ project } as never} search={{ focus: shown } as never} variant="default">
              {say("page.lineage")}
            </Button>
          </>
        )
      }
    >
      {versions.length === 0 ? (
        <EmptyState kind="none" title={say("artifact.none")} why={say("artifact.none.why")} />
      ) : search.tree && artifact ? (
        <Tree project={project} uid={artifact.uid} look={sceneLook({ ...search })} change={change} />
      ) : (
        <div className={styles.sides}>
          <nav aria-label={say("artifacts.versions")} className={styles.versions}>
            <ol>
              {versions.map((version) => (
                <VersionItem key={version.uid} version={version} shown={isAsked(version, shown)} project={project} />
              ))}
            </ol>
            <More left={hasNextPage} loading={isFetchingNextPage} ask={fetchNextPage} size="xs" />
          </nav>
          {shown ? <VersionShown key={shown} asked={shown} missing={missing} others={versions} project={project} /> : missing}
        </div>
      )}
    </Page>
  );
}

/** The newest version when the page was opened: one that is written meanwhile is listed, but what somebody looks at stays. */
function useNewest(of: string, newest: string | undefined, read: boolean): string | undefined {
  const [kept, keep] = useState<{ of: string; uid: string }>();
  if (kept?.of === of) return kept.uid;
  if (read && newest !== undefined) keep({ of, uid: newest });
  return newest;
}

/** To all versions as a picture, and back to one of them in full. */
function TreeLink({ on }: { on: boolean }) {
  const { say } = useWords();
  return (
    <Button
      variant="default"
      renderRoot={(rest) => (
        <Link
          from="/p/$project/artifact"
          to="/p/$project/artifact"
          search={(told) => ({ ...without(told, "tree", "at", "form", "more"), ...(on && { tree: true as const }) })}
          {...rest}
        />
      )}
    >
      {say(on ? "artifact.tree" : "artifact.list")}
    </Button>
  );
}

function VersionItem({ version, shown, project }: { version: ListedVersion; shown: boolean; project: string }) {
  const { say, language } = useWords();
  return (
    <li>
      <Link
        from="/p/$project/artifact"
        to="/p/$project/artifact"
        params={{ project }}
        search={(told) => ({ ...without(told, "with"), v: version.uid })}
        aria-current={shown ? "true" : undefined}
      >
        <strong>{versionName(version)}</strong>
        <span className="faint">
          <TimeAgo time={version.sealedAt} />
          {version.size !== null && <span data-value> · {bytes(version.size, language)}</span>}
        </span>
        {version.hold && <span className="faint">{say("version.hold")}</span>}
        {version.deletedAt && <span className="faint">{say("state.deleted")}</span>}
      </Link>
    </li>
  );
}
