/** Where a token is taken; then back to where one wanted to go. */
import { useState } from "react";
import type { SyntheticEvent } from "react";
import { Button, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useRouter, useSearch } from "@tanstack/react-router";
import { AskError, signIn } from "@/lib/graphql";
import { useWords } from "@/lib/words";
import type { MessageId } from "@/lib/words";
import styles from "./sign-in-page.module.css";

export function SignInPage() {
  const { say } = useWords();
  const { next } = useSearch({ from: "/sign-in" });
  const router = useRouter();
  const queries = useQueryClient();
  const [token, setToken] = useState("");
  const [wrong, setWrong] = useState<MessageId>();
  const [busy, setBusy] = useState(false);

  const enter = async (): Promise<void> => {
    setBusy(true);
    setWrong(undefined);
    try {
      await signIn(token.trim());
      queries.clear();
      router.history.replace(next ?? "/");
    } catch (error) {
      const code = error instanceof AskError ? error.code : "INTERNAL";
      setWrong(code === "UNAUTHENTICATED" ? "session.refused" : code === "UNREACHABLE" ? "error.UNREACHABLE" : "error.INTERNAL");
    } finally {
      setBusy(false);
    }
  };
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    void enter();
  };

  return (
    <main className={styles.page}>
      <form className={styles.card} onSubmit={submit}>
        <img src="/pages/icon.svg" width={44} height={44} alt="" />
        <h1>{say("session.title")}</h1>
        <p className="faint">{say("session.why")}</p>
        <TextInput
          type="password"
          label={say("session.token")}
          placeholder="lin_…"
          autoComplete="current-password"
          required
          withAsterisk={false}
          value={token}
          error={wrong && say(wrong)}
          onChange={(event) => setToken(event.currentTarget.value)}
        />
        <Button type="submit" loading={busy}>
          {say("session.enter")}
        </Button>
        <p className="faint">{say("session.how")}</p>
      </form>
    </main>
  );
}
