/** What conversations need of the host: its methods, and the runs that they begin. */
import type { Bridge } from "../bridge/bridge";
import type { SendReply } from "../bridge/contract";
import { failureOf } from "../bridge/hostError";
import type { Llm } from "../bridge/llmApi";

export interface HostPort {
  readonly client: Bridge["client"];
  readonly llm: Llm;
  readonly router: Bridge["router"];
  readonly topics: Bridge["topics"];
}

export interface Question {
  readonly inferenceId: string;
  /** Ask the host. */
  ask(): Promise<SendReply>;
  /** What the host has of it, when the answer to `ask` was lost on the way. */
  find(): Promise<SendReply | null>;
}

/** Ask, and be sure: a question whose answer got lost was taken, or it was not. */
export async function askSurely(host: HostPort, question: Question): Promise<SendReply> {
  const { router, llm } = host;
  // Events may come before the reply: the run is known from its beginning.
  router.follow(question.inferenceId, -1);
  try {
    return await question.ask();
  } catch (error) {
    if (failureOf(error).code === "HOST_LOST") {
      await llm.ready();
      const found = await question.find();
      if (found !== null) return found;
    }
    router.forget(question.inferenceId);
    throw error;
  }
}
