/** What concerns whoever looks, the newest first: a sentence each, which leads to where one acts on it. */
import { useRef } from "react";
import { Button, Skeleton } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { EmptyState } from "@/components/empty-state";
import { Icon } from "@/components/icon";
import { TimeAgo } from "@/components/time-ago";
import { Trouble } from "@/components/trouble";
import { useWords } from "@/lib/words";
import type { Item, News } from "./news-query";
import type { ReadMarks } from "./read";
import { placeOfNews, sentenceOf } from "./told";
import styles from "./panel.module.css";

export interface PanelProps extends ReadMarks {
  /** the project one looks at now */
  project: string;
  news: News | undefined;
  error: Error | null;
  retry: () => void;
  close: () => void;
}

export function Panel({ news, error, retry, isRead, mark, ...rest }: PanelProps) {
  const { say } = useWords();
  const items = news?.items ?? [];
  const fresh = items.filter(({ id }) => !isRead(id));
  const title = useRef<HTMLHeadingElement>(null);
  const markAll = (): void => {
    mark(items.map(({ id }) => id));
    title.current?.focus(); // the button cannot be pressed any more, so it would lose where one is
  };
  return (
    <>
      <div className={styles.head}>
        <h2 ref={title} tabIndex={-1} data-autofocus>
          {say("news.title")}
        </h2>
        {items.length > 0 && (
          <Button size="compact-sm" variant="subtle" disabled={fresh.length === 0} onClick={markAll}>
            {say("news.read.all")}
          </Button>
        )}
      </div>
      <div className={styles.body}>
        {error && !news && <Trouble error={error} retry={retry} />}
        {!news && !error && <Skeleton height={160} />}
        {news && items.length === 0 && <EmptyState kind="none" title={say("news.none")} why={say("news.none.why")} />}
        {items.length > 0 && (
          <ul className={styles.list}>
            {items.map((item) => (
              <Told key={item.id} item={item} isNew={!isRead(item.id)} read={() => mark([item.id])} {...rest} />
            ))}
          </ul>
        )}
        {news?.hasMore && <p className={styles.more}>{say("news.more")}</p>}
      </div>
    </>
  );
}

interface ToldProps extends Pick<PanelProps, "project" | "close"> {
  item: Item;
  isNew: boolean;
  read: () => void;
}

function Told({ item, isNew, read, project, close }: ToldProps) {
  const { say } = useWords();
  const { id, values, icon } = sentenceOf(item);
  const follow = (): void => {
    read();
    close();
  };
  return (
    <li data-kind={item.kind} data-new={isNew || undefined}>
      <Link {...placeOfNews(item, project)} className={styles.item} onClick={follow}>
        <Icon name={icon} size={16} />
        <span className={styles.what}>{say(id, values)}</span>
        {isNew && <span className={styles.new}>{say("news.new")}</span>}
        {item.told && (
          <bdi className={styles.said} title={item.told}>
            {item.told}
          </bdi>
        )}
        <span className={styles.where}>
          {item.project && (
            <>
              <bdi>{item.project}</bdi> ·{" "}
            </>
          )}
          <TimeAgo time={item.at} />
        </span>
      </Link>
    </li>
  );
}
