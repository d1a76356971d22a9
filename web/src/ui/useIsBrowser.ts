/** Whether a browser shows the page: it can download files, a window's page cannot. */
import { createContext, useContext } from "react";

export const IsBrowserContext = createContext(false);

export function useIsBrowser(): boolean {
  return useContext(IsBrowserContext);
}
