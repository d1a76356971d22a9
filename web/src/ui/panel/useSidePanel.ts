/** Gives components access to the panel beside the chat. */
import { createContext, type ReactNode, useContext } from "react";

export interface SidePanelContent {
  readonly title: string;
  readonly body: ReactNode;
}

/** Shows this in the panel; null closes it. */
export type ShowInPanel = (content: SidePanelContent | null) => void;

export const SidePanelContext = createContext<ShowInPanel>(() => {});

export const useSidePanel = (): ShowInPanel => useContext(SidePanelContext);
