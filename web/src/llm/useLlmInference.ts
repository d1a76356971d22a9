/** Run a model from a component. */
import {
  useEffect,
  useInsertionEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import type { Message } from "../bridge/contract";
import { createInference, type InferenceOptions, type InferenceView } from "./inference";
import type { Run } from "./run";

export interface LlmInference extends InferenceView {
  /** Run the model; the run has an id, a result, and can be read piece by piece. */
  readonly runInference: (messages: readonly Message[]) => Run;
  readonly cancel: () => Promise<boolean>;
  /** Ask again what was asked last. */
  readonly retry: () => Run | null;
  readonly reset: () => void;
}

export function useLlmInference(options: InferenceOptions): LlmInference {
  const latest = useRef(options);
  useInsertionEffect(() => {
    latest.current = options;
  });
  const [inference] = useState(() => createInference(() => latest.current));
  const view = useSyncExternalStore(inference.subscribe, inference.get, inference.get);
  useEffect(() => inference.mount(), [inference]);
  const { resume } = options;
  useEffect(() => {
    if (resume) inference.resume(resume);
  }, [inference, resume]);
  return useMemo(() => {
    const { runInference, cancel, retry, reset } = inference;
    return { ...view, runInference, cancel, retry, reset };
  }, [inference, view]);
}
