/** Controls of the message box for other parts of the page. */
import { createContext, type RefObject, useContext } from "react";

export interface ComposerHandle {
  focus(): void;
  /** False while there is no choice yet. */
  openModels(): boolean;
  /** Shows the request that the draft would send. */
  showRequest(): void;
}

/** `current` is null while no box is shown. */
export const ComposerContext = createContext<RefObject<ComposerHandle | null>>({ current: null });

export const useComposer = (): RefObject<ComposerHandle | null> => useContext(ComposerContext);
