/** Provides the hooks below it with their host. */
import { createContext, type ReactNode } from "react";
import type { Llm } from "../bridge/llmApi";

export const LlmContext = createContext<Llm | null>(null);

export interface LlmProviderProps {
  readonly llm: Llm;
  readonly children?: ReactNode;
}

export function LlmProvider({ llm, children }: LlmProviderProps) {
  return <LlmContext value={llm}>{children}</LlmContext>;
}
