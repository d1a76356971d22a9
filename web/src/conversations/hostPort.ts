/** What conversations need of the host: its methods, and the runs that they begin. */
import type { Bridge } from "../bridge/bridge";
import type { SendReply } from "../bridge/contract";
import { failureOf } from "../bridge/hostError";
import type { Llm } from "../bridge/llmApi";

/** How soon a host that cannot say whether it accepted a question is asked again. */
const AGAIN_MS = 1_000;

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
  /** What the host has of it, when the reply to `ask` was lost on the way. */
  find(): Promise<SendReply | null>;
}

/** Asks, and is sure of the outcome: a question whose reply was lost was accepted, or it was not. */
export async function sendSurely(host: HostPort, question: Question): Promise<SendReply> {
  const { router } = host;
  // Events may come before the reply: the run is known from its beginning.
  router.follow(question.inferenceId, -1);
  try {
    return await question.ask();
  } catch (error) {
    const isLost = failureOf(error).code === "HOST_LOST";
    const found = isLost ? await findSurely(host, question) : null;
    if (found !== null) return found;
    router.forget(question.inferenceId);
    throw error;
  }
}

/** Asks until the host has said which. Rejects when it does not come back. */
async function findSurely({ llm }: HostPort, question: Question): Promise<SendReply | null> {
  for (;;) {
    await llm.ready();
    try {
      return await question.find();
    } catch (error) {
      if (failureOf(error).code === "NOT_FOUND") return null;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}
