/** The hook to run a model from a component. */
import {
  useContext,
  useEffect,
  useInsertionEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import {
  createInference,
  type Inference,
  type InferenceOptions,
  type InferenceView,
} from "./inference";
import { LlmContext } from "./LlmProvider";

type Functions = Pick<Inference, "runInference" | "cancel" | "retry" | "reset">;

export interface LlmInference extends InferenceView, Functions {
  /** Pass it to another component's hook, which then shows the same run. */
  readonly inference: Inference;
}

/** An inference that was created elsewhere. */
export interface SharedInference {
  readonly inference: Inference;
}

export function useLlmInference(options: InferenceOptions | SharedInference): LlmInference {
  const provided = useContext(LlmContext);
  const latest = useRef<InferenceOptions>(undefined);
  const shared = "inference" in options ? options.inference : null;
  const resume = "inference" in options ? null : options.resume;
  useInsertionEffect(() => {
    if ("inference" in options) return;
    latest.current = { ...options, llm: options.llm ?? provided ?? undefined };
  });
  const [own] = useState(() => createInference(() => latest.current ?? NOTHING));
  const inference = shared ?? own;
  const view = useSyncExternalStore(inference.subscribe, inference.get, inference.get);
  useEffect(() => inference.mount(), [inference]);
  useEffect(() => {
    if (resume) inference.resume(resume);
  }, [inference, resume]);
  return useMemo(() => {
    const { runInference, cancel, retry, reset } = inference;
    return { ...view, inference, runInference, cancel, retry, reset };
  }, [inference, view]);
}

/** Before the first render is shown, nothing can be called. */
const NOTHING: InferenceOptions = { providerId: "" };
