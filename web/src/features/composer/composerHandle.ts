/** What other parts of the page can have the message box do. */
import { createContext, type RefObject, useContext } from "react";

export interface ComposerHandle {
  focus(): void;
  /** False where there is no choice yet. */
  openModels(): boolean;
  /** Changes the last question where it stands. */
  editLast(): void;
}

/** `current` is null while no box is shown. */
export const ComposerContext = createContext<RefObject<ComposerHandle | null>>({ current: null });

export const useComposer = (): RefObject<ComposerHandle | null> => useContext(ComposerContext);
