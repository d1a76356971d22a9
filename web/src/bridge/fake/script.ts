/**
 * The script of the fake model. Lines of the prompt that begin with one of these commands are
 * executed in order, as by the host's echo provider; other lines are echoed word by word. A prompt
 * without a command is echoed too, or answered with prose (`answer=demo`).
 *
 *     /rate N   /delay MS   /progress TEXT   /reasoning TEXT   /repeat N WORD   /tool NAME ARGUMENTS
 *     /notice CODE TEXT   /error CODE [MS]   /fail N CODE [MS]   /length   /stall
 *     /call NAME ARGUMENTS (several are one batch, which waits for decisions)   /then   /text WORDS
 */
import type { AnyEvent, ErrorCode, FinishReason, JsonValue } from "../contract";
import type { FakeSettings } from "./settings";

/** Omit that keeps the members of a union apart. */
type Unstamped<T> = T extends AnyEvent
  ? Omit<T, "inferenceId" | "sessionId" | "seq" | "ms">
  : never;

/** An event in a script; the run adds its id, number and time. */
export type ScriptEvent = Unstamped<AnyEvent>;

export type Step =
  | { readonly kind: "event"; readonly event: ScriptEvent }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "stall" }
  /** Requests these calls, and continues when all have results. */
  | { readonly kind: "calls"; readonly calls: readonly ScriptCall[] }
  /** Ends the first `times` runs of this script with the error; null for every run. */
  | {
      readonly kind: "fail";
      readonly times: number | null;
      readonly code: ErrorCode;
      readonly ms: number | null;
    }
  | { readonly kind: "end"; readonly reason: FinishReason };

export interface ScriptCall {
  readonly tool: string;
  readonly arguments: JsonValue;
}

const COMMAND =
  /^\/(rate|delay|progress|reasoning|repeat|tool|call|then|text|notice|error|fail|length|stall)(?:\s+(.*?))?\s*$/;
const PIECES = /\s*\S+|\s+$/g;

const PROSE = `The tide is the slow breathing of the sea. Twice a day the water climbs the shore and \
twice a day it lets go again, pulled by the moon and, more gently, by the sun. When both pull in \
one line the range is greatest; when they stand at right angles it is small.

What looks like one wave is many. The seabed, the shape of a bay and the turning of the Earth all \
bend it: some coasts see a rise of sixteen metres, others hardly a hand's breadth. So a tide table \
is not astronomy alone. It is a long memory of one particular place.

People have set their clocks by it for as long as there have been harbours. A boat that waits for \
the right hour needs no engine to leave.`;

/** Yields the steps of an answer. */
export function* play(prompt: string, settings: FakeSettings): Generator<Step> {
  let pause = settings.rate === 0 ? 0 : 1000 / settings.rate;
  if (settings.first > 0) yield { kind: "wait", ms: settings.first };
  const lines = prompt.split("\n");
  if (settings.answer === "demo" && !lines.some((line) => COMMAND.test(line))) {
    const thought = take(`Let me think about that. ${PROSE}`, settings.reasoning);
    yield* withPauses(reasoning, thought, pause);
    yield* withPauses(token, take(PROSE, settings.words), pause);
    yield { kind: "end", reason: "stop" };
    return;
  }
  let calls = 0;
  let batch: ScriptCall[] = [];
  for (const [number, line] of lines.entries()) {
    const [, command, argument = ""] = COMMAND.exec(line) ?? [];
    const words = argument.split(/\s+/);
    const [first = "", ...others] = words;
    const rest = others.join(" ");
    const count = Number(first) || 0;
    const ms = words.length > 1 ? Number(words.at(-1)) : null;
    if (command !== "call" && batch.length > 0) {
      yield { kind: "calls", calls: batch };
      batch = [];
    }
    switch (command) {
      case "call":
        batch.push({ tool: first, arguments: jsonIn(rest) });
        break;
      case "then":
        break;
      case "text":
        yield* withPauses(token, argument.match(PIECES) ?? [], pause);
        break;
      case undefined: {
        const last = number === lines.length - 1 || COMMAND.test(lines[number + 1] ?? "");
        yield* withPauses(token, `${line}${last ? "" : "\n"}`.match(PIECES) ?? [], pause);
        break;
      }
      case "rate":
        pause = count === 0 ? 0 : 1000 / count;
        break;
      case "delay":
        yield { kind: "wait", ms: count };
        break;
      case "progress":
        yield event({ channel: "llm:thinking", status: argument });
        break;
      case "reasoning":
        yield* withPauses(reasoning, argument.match(PIECES) ?? [], pause);
        break;
      case "repeat": {
        const word = others[0] ?? "word";
        yield* withPauses(token, repeat(count, word), pause);
        break;
      }
      case "tool":
        calls += 1;
        yield event({
          channel: "llm:tool",
          id: `call-${calls}`,
          name: first,
          argumentsDelta: rest,
        });
        break;
      case "notice":
        yield event({ channel: "llm:notice", code: first, text: rest });
        break;
      case "error":
        yield { kind: "fail", times: null, code: first as ErrorCode, ms };
        return;
      case "fail":
        yield {
          kind: "fail",
          times: count,
          code: others[0] as ErrorCode,
          ms: others.length > 1 ? ms : null,
        };
        break;
      case "length":
        yield { kind: "end", reason: "length" };
        return;
      case "stall":
        yield { kind: "stall" };
        return;
    }
  }
  if (batch.length > 0) yield { kind: "calls", calls: batch };
  yield { kind: "end", reason: calls > 0 ? "tool_calls" : "stop" };
}

/** Text that is not JSON stays text. */
function jsonIn(text: string): JsonValue {
  try {
    return JSON.parse(text === "" ? "{}" : text);
  } catch {
    return text;
  }
}

const event = (scriptEvent: ScriptEvent): Step => ({ kind: "event", event: scriptEvent });
const token = (text: string) => event({ channel: "llm:token", token: text, index: 0, count: 1 });
const reasoning = (text: string) => event({ channel: "llm:reasoning", text, count: 1 });

function* withPauses(
  toStep: (text: string) => Step,
  pieces: Iterable<string>,
  pause: number,
): Generator<Step> {
  for (const text of pieces) {
    yield { kind: "wait", ms: pause };
    yield toStep(text);
  }
}

function* repeat(count: number, word: string): Generator<string> {
  for (let index = 0; index < count; index += 1) yield index === 0 ? word : ` ${word}`;
}

/** The first words of a text, which is repeated if it is too short. */
function* take(text: string, words: number): Generator<string> {
  const pieces = text.match(PIECES) ?? [];
  for (let index = 0; index < words; index += 1) {
    const piece = pieces[index % pieces.length] ?? "";
    yield index > 0 && index % pieces.length === 0 ? `\n\n${piece}` : piece;
  }
}
