/** A part of home with a name, and a way to all of it. */
import type { ReactNode } from "react";
import { Link } from "@tanstack/react-router";
import { useWords } from "@/lib/words";
import styles from "./home-page.module.css";

export function Card({ title, more, children }: { title: string; more?: string | undefined; children: ReactNode }) {
  const { say } = useWords();
  return (
    <section className={styles.card}>
      <header>
        <h2>{title}</h2>
        {more !== undefined && (
          <Link to="/p/$project/runs" params={{ project: more }}>
            {say("home.all")}
          </Link>
        )}
      </header>
      {children}
    </section>
  );
}
