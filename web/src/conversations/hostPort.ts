/** The host as conversations use it: its methods, and the runs that they start. */
import type { Bridge } from "../bridge/bridge";
import type { SendReply } from "../bridge/contract";
import { failureOf } from "../bridge/hostError";
import type { Llm } from "../bridge/llmApi";

/** Pause before the next check whether the host accepted a question. */
const AGAIN_MS = 1_000;

export interface HostPort {
  readonly client: Bridge["client"];
  readonly llm: Llm;
  readonly router: Bridge["router"];
  readonly topics: Bridge["topics"];
}

export interface Question {
  readonly inferenceId: string;
  /** Sends it to the host. */
  send(): Promise<SendReply>;
  /** The host's record of the question, if the reply to `send` was lost. */
  find(): Promise<SendReply | null>;
}

/** Sends a question and determines the outcome even if the reply was lost. */
export async function sendSurely(host: HostPort, question: Question): Promise<SendReply> {
  const { router } = host;
  // Events may arrive before the reply, so the run is registered from its beginning.
  router.follow(question.inferenceId, -1);
  try {
    return await question.send();
  } catch (error) {
    const isLost = failureOf(error).code === "HOST_LOST";
    const found = isLost ? await findSurely(host, question) : null;
    if (found !== null) return found;
    router.forget(question.inferenceId);
    throw error;
  }
}

/** Asks until the host answers whether it accepted the question. Rejects if it does not return. */
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
