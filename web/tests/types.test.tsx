/** The types of the hook. tsc checks them; Vitest checks that they render on a server. */
import { renderToString } from "react-dom/server";
import { expect, expectTypeOf, it } from "vitest";
import type { Message } from "../src/bridge/contract";
import {
  createInference,
  HostError,
  type Inference,
  type InferenceOptions,
  type LlmInference,
  type MessagePart,
  type PartOf,
  type Run,
  type RunFailure,
  type RunState,
  useLlmInference,
  useRunStatus,
} from "../src/llm";

const messages: Message[] = [{ role: "user", content: "x" }];

it("the hook takes options or an inference, and never neither", () => {
  expectTypeOf(useLlmInference).toBeCallableWith({ providerId: "local" });
  expectTypeOf(useLlmInference).toBeCallableWith({ inference: {} as Inference });
  // @ts-expect-error without a provider nobody can be asked
  expectTypeOf(useLlmInference).toBeCallableWith({ temperature: 1 });
  expectTypeOf(useLlmInference).returns.toEqualTypeOf<LlmInference>();
});

it("a call may change what a request says, but neither its messages nor its callbacks", () => {
  type Call = LlmInference["runInference"];
  expectTypeOf<Call>().toBeCallableWith(messages, { modelId: "large", whenBusy: "queue" });
  // @ts-expect-error the messages are the first argument
  expectTypeOf<Call>().toBeCallableWith(messages, { messages });
  // @ts-expect-error callbacks belong to the hook
  expectTypeOf<Call>().toBeCallableWith(messages, { onDone: () => {} });
  expectTypeOf<Call>().returns.toEqualTypeOf<Run>();
});

it("a part is known by its type, and a switch over all of them needs no default", () => {
  expectTypeOf<MessagePart["type"]>().toEqualTypeOf<"text" | "reasoning" | "tool" | "file">();
  expectTypeOf<PartOf<"tool">["arguments"]>().toEqualTypeOf<string>();
  // @ts-expect-error only reasoning is timed
  expectTypeOf<PartOf<"text">["ms"]>().toBeNullable();
  const label = (part: MessagePart): string => {
    switch (part.type) {
      case "text":
      case "reasoning":
        return part.text;
      case "tool":
        return part.name;
      case "file":
        return `${part.files.length}`;
    }
  };
  expect(label({ type: "text", text: "x" })).toBe("x");
});

it("a failure is an error with a code", () => {
  expectTypeOf<RunFailure>().toExtend<HostError>();
  expectTypeOf<LlmInference["failure"]>().toEqualTypeOf<RunFailure | null>();
  expectTypeOf<NonNullable<InferenceOptions["onFinish"]>>().parameter(0).toEqualTypeOf<RunState>();
  expect(HostError).toBeTypeOf("function");
});

it("is rendered on a server, where nothing has begun", () => {
  const shared = createInference({ providerId: "local" });
  function Shown() {
    const own = useLlmInference({ providerId: "local" });
    const other = useLlmInference({ inference: shared });
    return <p>{[own.status, other.status, useRunStatus(null)].join(" ")}</p>;
  }
  expect(renderToString(<Shown />)).toBe("<p>idle idle idle</p>");
});
