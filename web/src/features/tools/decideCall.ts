/** How a card reaches the conversation that its call belongs to. */
import { createContext } from "react";
import type { AnswerCall } from "../../bridge/contract";
import type { CallVerdict } from "../../conversations/callVerdict";

/** False when somebody else has decided before. Rejects with what is wrong; then the call waits on. */
export type DecideCall = (verdict: CallVerdict) => Promise<boolean>;

/** Null where calls can only be watched. */
export const DecideCallContext = createContext<DecideCall | null>(null);

export type Verdict = Omit<CallVerdict, "callId" | "nonce">;

/** What a form of a card is given. The guard covers its buttons: it makes the card another size. */
export interface ApprovalFormProps {
  readonly call: AnswerCall;
  readonly isFree: boolean;
  readonly onDecide: (verdict: Verdict) => void;
}
