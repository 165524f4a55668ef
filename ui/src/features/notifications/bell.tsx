/** The bell of the header: how much is new, and the panel that tells what. */
import { useState } from "react";
import { ActionIcon, Popover } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Icon } from "@/components/icon";
import { later } from "@/components/later";
import { count } from "@/lib/format";
import { useWords } from "@/lib/words";
import { newsQuery, useLiveNews } from "./news-query";
import { useRead } from "./read";
import styles from "./bell.module.css";

const Panel = later(() => import("./panel").then(({ Panel: it }) => it));

/** As far as the window is that wide. */
const WIDTH = "min(27rem, 100vw - 1rem)";

/** `person`: who looks, as their read marks are kept by. */
export function Bell({ project, person }: { project: string; person: string }) {
  const { say, language } = useWords();
  const [opened, setOpened] = useState(false);
  const { data, error, refetch } = useQuery(newsQuery);
  useLiveNews();
  const { isRead, mark } = useRead(person);
  const items = data?.items ?? [];
  const fresh = items.filter(({ id }) => !isRead(id)).length;
  const most = data?.hasMore && fresh === items.length;
  const shown = say(most ? "news.count.most" : "news.count", { count: count(fresh, language) });
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" width={WIDTH} trapFocus returnFocus>
      <Popover.Target>
        <ActionIcon
          variant="subtle"
          size="lg"
          color="gray"
          className={styles.bell}
          aria-label={fresh > 0 ? say("news.bell", { count: shown }) : say("news.bell.none")}
          onClick={() => setOpened(!opened)}
          onPointerEnter={Panel.fetch}
          onFocus={Panel.fetch}
        >
          <Icon name="bell" />
          {fresh > 0 && (
            <span className={styles.count} aria-hidden="true">
              {shown}
            </span>
          )}
        </ActionIcon>
      </Popover.Target>
      <output className="unseen">{fresh > 0 && say("news.fresh", { count: fresh })}</output>
      <Popover.Dropdown className={styles.panel} aria-label={say("news.title")}>
        {opened && (
          <Panel
            project={project}
            news={data}
            error={error}
            retry={() => void refetch()}
            isRead={isRead}
            mark={mark}
            close={() => setOpened(false)}
          />
        )}
      </Popover.Dropdown>
    </Popover>
  );
}
