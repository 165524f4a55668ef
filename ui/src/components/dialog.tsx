/** Something over the page that is looked at or filled in, then left. */
import type { ReactNode } from "react";
import { Modal } from "@mantine/core";
import { useWords } from "@/lib/words";

export interface DialogProps {
  title: ReactNode;
  opened?: boolean;
  close: () => void;
  size?: "md" | "lg" | "xl";
  children: ReactNode;
}

export function Dialog({ title, opened = true, close, size = "md", children }: DialogProps) {
  const { say } = useWords();
  return (
    <Modal
      opened={opened}
      lockScroll={false} // it would put a style into the page, which its policy forbids
      onClose={close}
      title={title}
      size={size}
      closeButtonProps={{ "aria-label": say("action.close") }}
      attributes={{ header: { role: "none" } }} // else it counts as a second banner of the page
    >
      {children}
    </Modal>
  );
}
