/** Connects an approval card to the conversation of its call. */
import { createContext } from "react";
import type { AnswerCall } from "../../bridge/contract";
import type { CallVerdict } from "../../conversations/conversation";

/** False if it was decided before. Rejects if the decision is invalid; the call then still waits. */
export type DecideCall = (verdict: CallVerdict) => Promise<boolean>;

/** Null where calls can only be watched. */
export const DecideCallContext = createContext<DecideCall | null>(null);

export type Verdict = Omit<CallVerdict, "callId" | "nonce">;

/** Props of a form in a card. The guard covers its buttons, because a form changes the card's size. */
export interface ApprovalFormProps {
  readonly call: AnswerCall;
  readonly isFree: boolean;
  readonly onDecide: (verdict: Verdict) => void;
}
