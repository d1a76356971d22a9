/** Whether the page may hand files to its surroundings; a window's page may not. */
import { createContext, useContext } from "react";

export const DownloadsContext = createContext(false);

export function useDownloads(): boolean {
  return useContext(DownloadsContext);
}
