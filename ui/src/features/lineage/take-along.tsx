/** Files of what is shown, and its address. */
import { useState } from "react";
import { Menu } from "@mantine/core";
import { useDark } from "@/components/dark";
import { Icon } from "@/components/icon";
import { useWords } from "@/lib/words";
import { boxLine, boxWords } from "./box-words";
import { coloursOf } from "./colours";
import { save, savePng } from "./downloads";
import { csvOf, jsonOf, mermaidOf } from "./exports";
import type { Places } from "./layout";
import { svgOf } from "./picture";
import type { Box, Scene } from "./scene";
import styles from "./lineage-page.module.css";

export interface TakeAlongProps {
  scene: Scene;
  /** undefined where there is no picture */
  places: Places | undefined;
}

export function TakeAlong({ scene, places }: TakeAlongProps) {
  const { say, language } = useWords();
  const dark = useDark();
  const [copied, setCopied] = useState(false);
  const titleOf = (box: Box): string => boxWords(box, say).title;
  const picture = (): string =>
    svgOf(scene, places ?? {}, (box) => ({ title: titleOf(box), line: boxLine(box, say, language) }), coloursOf(document.body, dark));
  const copy = (): void =>
    void navigator.clipboard.writeText(window.location.href).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  return (
    <Menu position="bottom-end" width={240} onClose={() => setCopied(false)} closeOnItemClick={false}>
      <Menu.Target>
        <button type="button" className={styles.button}>
          <Icon name="download" />
          <span>{say("lineage.take")}</span>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {places && <Menu.Item onClick={() => void savePng("lineage.png", picture())}>PNG</Menu.Item>}
        {places && <Menu.Item onClick={() => save("lineage.svg", "image/svg+xml", picture())}>SVG</Menu.Item>}
        <Menu.Item onClick={() => save("lineage.json", "application/json", jsonOf(scene, window.location.href))}>JSON</Menu.Item>
        <Menu.Item onClick={() => save("lineage.mmd", "text/vnd.mermaid", mermaidOf(scene, titleOf))}>Mermaid</Menu.Item>
        <Menu.Item onClick={() => save("lineage.csv", "text/csv", csvOf(scene, titleOf))}>CSV</Menu.Item>
        {/* Absent where the page came by plain http from another machine. */}
        {navigator.clipboard && (
          <>
            <Menu.Divider />
            <Menu.Item leftSection={<Icon name={copied ? "check" : "copy"} />} onClick={copy}>
              {say(copied ? "action.copied" : "lineage.link")}
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
