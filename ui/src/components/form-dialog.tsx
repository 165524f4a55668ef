/** A form over the page: fields, what was refused, one button that sends and one that leaves. */
import { useRef } from "react";
import type { ReactNode, SyntheticEvent } from "react";
import { Button } from "@mantine/core";
import type { Change } from "@/lib/change";
import { useWords } from "@/lib/words";
import { Dialog } from "./dialog";
import { Refusal } from "./refusal";
import styles from "./form-dialog.module.css";

export interface FormDialogProps<T> {
  title: string;
  /** What it does, in a sentence. */
  about?: ReactNode;
  submit: string;
  danger?: boolean;
  change: Change<T>;
  /** What is sent now. */
  values: () => T;
  close: () => void;
  /** In place of `close` once it was done. */
  done?: () => void;
  size?: "md" | "lg" | "xl";
  children?: ReactNode;
}

export function FormDialog<T>({ title, about, submit, danger, change, values, close, done = close, size = "md", children }: FormDialogProps<T>) {
  const { say } = useWords();
  const over = useRef(false); // it may stay for a moment, until what comes in its place is there
  const send = async (): Promise<void> => {
    if (over.current || !(await change.send(values()))) return;
    over.current = true;
    done();
  };
  const submitted = (event: SyntheticEvent): void => {
    event.preventDefault();
    void send();
  };
  return (
    <Dialog title={title} close={close} size={size}>
      <form className={styles.form} onSubmit={submitted}>
        {about && <p className="faint">{about}</p>}
        {children}
        <Refusal trouble={change.trouble} />
        <div className={styles.buttons}>
          <Button variant="default" onClick={close}>
            {say("action.cancel")}
          </Button>
          <Button type="submit" loading={change.busy} {...(danger && { color: "red.9" })}>
            {submit}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
