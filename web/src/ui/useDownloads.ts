/** Whether the page can download files; a window's page cannot. */
import { createContext, useContext } from "react";

export const DownloadsContext = createContext(false);

export function useDownloads(): boolean {
  return useContext(DownloadsContext);
}
