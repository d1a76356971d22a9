/** A person's decision about a waiting tool call. */
import type { CallDecision } from "../bridge/contract";

export type CallVerdict = Pick<
  CallDecision,
  "callId" | "nonce" | "verdict" | "scope" | "pattern" | "arguments" | "reason"
>;
