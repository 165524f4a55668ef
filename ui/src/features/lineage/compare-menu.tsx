/** Why is it different from …: the versions of the same thing, a page at a time. */
import { useState } from "react";
import { Menu } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Icon } from "@/components/icon";
import { TimeAgo } from "@/components/time-ago";
import { useWords } from "@/lib/words";
import { hasVersions, versionsQuery } from "./scene-query";
import type { Box } from "./scene";
import styles from "./lineage-page.module.css";

export interface CompareProps {
  box: Box;
  vs: string | undefined;
  compare: (vs: string | undefined) => void;
}

export function CompareMenu({ box, vs, compare }: CompareProps) {
  const { say } = useWords();
  const [opened, setOpened] = useState(false);
  const { data, error, hasNextPage, isFetching, fetchNextPage } = useInfiniteQuery({ ...versionsQuery(box), enabled: opened && hasVersions(box) });
  if (!hasVersions(box)) return null;
  const versions = data?.pages.flatMap((page) => page.versions);
  const others = versions?.filter(({ uid }) => uid !== box.id);
  return (
    <Menu position="bottom-end" width={300} withinPortal={false} opened={opened} onChange={setOpened}>
      <Menu.Target>
        <button type="button" className={styles.button} data-on={vs !== undefined || undefined}>
          <Icon name="compare" />
          <span>{say("lineage.compare")}</span>
        </button>
      </Menu.Target>
      <Menu.Dropdown className={styles.dropdown}>
        <Menu.Label>{say("lineage.compare.with")}</Menu.Label>
        {error && !data && <Menu.Item disabled>{say("lineage.compare.failed")}</Menu.Item>}
        {others?.length === 0 && !hasNextPage && <Menu.Item disabled>{say("lineage.compare.none")}</Menu.Item>}
        {others?.map(({ uid, title, at }) => (
          <Menu.Item key={uid} onClick={() => compare(uid)} rightSection={<TimeAgo time={at} />}>
            <bdi>{title}</bdi>
          </Menu.Item>
        ))}
        {versions && hasNextPage && (
          <>
            <Menu.Label>{say("lineage.compare.first", { count: versions.length })}</Menu.Label>
            <Menu.Item closeMenuOnClick={false} aria-busy={isFetching} onClick={() => void (isFetching || fetchNextPage())}>
              {say("lineage.compare.more")}
            </Menu.Item>
          </>
        )}
        {vs !== undefined && <Menu.Divider />}
        {vs !== undefined && <Menu.Item onClick={() => compare(undefined)}>{say("lineage.compare.end")}</Menu.Item>}
      </Menu.Dropdown>
    </Menu>
  );
}
