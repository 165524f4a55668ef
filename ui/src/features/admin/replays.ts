/** What came of events that were sent again. Pure. */

export interface Outcomes {
  accepted: number;
  duplicate: number;
  refused: number;
}

export function outcomes(replays: readonly { outcome: string }[]): Outcomes {
  const counted = (outcome: string): number => replays.filter((one) => one.outcome === outcome).length;
  return { accepted: counted("accepted"), duplicate: counted("duplicate"), refused: counted("refused") };
}
