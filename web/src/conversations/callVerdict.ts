/** What a person decides about a call that waits. */
import type { CallDecision } from "../bridge/contract";

export type CallVerdict = Pick<
  CallDecision,
  "callId" | "nonce" | "verdict" | "scope" | "pattern" | "arguments" | "reason"
>;
