/** The ordered parts of an answer with tool calls, as the store keeps them. */
import type { AnswerCall, AnswerPart, AnyEvent } from "../contract";

type CallChange = { callId: string } & { [K in keyof AnswerCall]?: AnswerCall[K] | undefined };

/** The parts that a run's events add to the earlier ones. Empty without a tool call. */
export function answerParts(old: readonly AnswerPart[], events: readonly AnyEvent[]): AnswerPart[] {
  const parts = [...old];
  for (const event of events) {
    if (event.channel === "llm:token") add(parts, "text", event.token);
    else if (event.channel === "llm:reasoning") add(parts, "reasoning", event.text);
    else if (event.channel === "llm:call") {
      const { channel, inferenceId, seq, ms, definition, ...call } = event;
      change(parts, { type: "call", ...call });
    } else if (event.channel === "llm:approval") {
      const { callId, nonce, verdict, scope, edited, why } = event;
      const decided = { verdict, scope, edited, state: decidedState(verdict, edited) } as const;
      change(parts, { callId, nonce, why, ...(event.state === "decided" && decided) });
    } else if (event.channel === "llm:result") {
      const { channel, inferenceId, seq, ms, text: result, ...call } = event;
      change(parts, { ...call, result });
    }
  }
  return parts.some(({ type }) => type === "call") ? parts : [];
}

function decidedState(verdict: AnswerCall["verdict"], edited: unknown): AnswerCall["state"] {
  if (verdict === "deny") return "denied";
  return edited === undefined ? "approved" : "edited";
}

function add(parts: AnswerPart[], type: "text" | "reasoning", text: string): void {
  const last = parts.at(-1);
  if (last?.type === type) parts[parts.length - 1] = { type, text: last.text + text };
  else parts.push({ type, text });
}

/** Updates the call, or adds it if it is new. */
export function change(parts: AnswerPart[], part: CallChange): void {
  const place = parts.findIndex((other) => other.type === "call" && other.callId === part.callId);
  const known = parts[place];
  const call = { ...(known?.type === "call" && known), ...part } as AnswerCall;
  if (place === -1) parts.push(call);
  else parts[place] = call;
}
