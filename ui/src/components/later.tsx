/** Components whose code comes when it is first needed, or is on its way before that.
 *
 * Not `React.lazy`: whatever stands in for it stays for 300 ms, however soon the code is there. */
import { useEffect, useReducer } from "react";
import type { ComponentType, FunctionComponent, ReactNode } from "react";
import { codeOf } from "@/lib/code";

export type Later<TProps> = FunctionComponent<TProps> & {
  /** Has it fetched before it is needed; what goes wrong is said where it is. */
  fetch: () => void;
};

/** `meanwhile` is shown until the code is there; raises CodeError where it is drawn, if the code cannot be had. */
export function later<TProps extends object>(
  load: () => Promise<ComponentType<TProps>>,
  meanwhile: (props: TProps) => ReactNode = () => null,
): Later<TProps> {
  let there: ComponentType<TProps> | undefined;
  let failure: unknown;
  let loading: Promise<void> | undefined;
  const fetched = (): Promise<void> =>
    (loading ??= codeOf(load()).then(
      (it) => void (there = it),
      (error: unknown) => void (failure = error),
    ));

  function Arriving(props: TProps) {
    const [, look] = useReducer((looks: number) => looks + 1, 0);
    useEffect(() => {
      if (!there) void fetched().then(look);
    }, []);
    if (failure) throw failure;
    const It = there;
    return It ? <It {...props} /> : meanwhile(props);
  }
  return Object.assign(Arriving, { fetch: () => void fetched() });
}
