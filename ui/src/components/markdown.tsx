/** Markdown as it is safe to show: no HTML of its own runs, no picture is fetched, links leave by a click. */
import { compiler } from "markdown-to-jsx/react";
import type { ReactNode } from "react";
import styles from "./markdown.module.css";

const HARMLESS = /^(https?:\/\/|mailto:|\/(?!\/)|#)/i;

function Out({ href, children }: { href?: string; children?: ReactNode }) {
  if (!href || !HARMLESS.test(href)) return <span>{children}</span>;
  return (
    <a href={href} rel="noopener noreferrer nofollow" target="_blank">
      {children}
    </a>
  );
}

/** What it shows is at another host, which this page must not tell who looks at it. */
function Picture({ alt, src }: { alt?: string; src?: string }) {
  return <Out {...(src && { href: src })}>{alt || src}</Out>;
}

const Shifted = (level: 3 | 4 | 5) =>
  function Heading({ children }: { children?: ReactNode }) {
    const Tag = `h${level}` as const;
    return <Tag>{children}</Tag>;
  };

/** Headings begin below those of the page. */
const OVERRIDES = {
  a: Out, img: Picture, h1: Shifted(3), h2: Shifted(4), h3: Shifted(5), h4: Shifted(5), h5: Shifted(5), h6: Shifted(5),
};

export function Markdown({ text }: { text: string }) {
  return (
    <div className={styles.text} dir="auto">
      {compiler(text, { disableParsingRawHTML: true, forceBlock: true, overrides: OVERRIDES, slugify: () => "" })}
    </div>
  );
}
