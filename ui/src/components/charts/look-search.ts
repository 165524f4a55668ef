/** A look at curves as an address tells it: only what is other than usual. */
import { PLAIN_LOOK } from "./curves";
import type { Look } from "./curves";

export interface LookSearch {
  axis?: "relative" | "wall";
  smooth?: number;
  logx?: boolean;
  logy?: boolean;
}

export function lookSearch({ axis, smooth, logx, logy }: Record<string, unknown>): LookSearch {
  return {
    ...(axis === "relative" || axis === "wall" ? { axis } : {}),
    ...(typeof smooth === "number" && smooth > 0 && smooth < 1 ? { smooth } : {}),
    ...(logx === true ? { logx } : {}),
    ...(logy === true ? { logy } : {}),
  };
}

export const lookIn = ({ axis, smooth, logx, logy }: LookSearch): Look => ({
  axis: axis ?? PLAIN_LOOK.axis,
  smooth: smooth ?? PLAIN_LOOK.smooth,
  logX: logx === true,
  logY: logy === true,
});

export const searchOf = ({ axis, smooth, logX, logY }: Look): LookSearch =>
  lookSearch({ axis, smooth, logx: logX, logy: logY });
