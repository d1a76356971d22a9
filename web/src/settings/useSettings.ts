/** Provides components with the settings. */
import { createContext, useContext } from "react";
import { useStore } from "../conversations/useStore";
import type { OpenSettings } from "./sections";
import type { Settings, SettingsState } from "./settings";

export const SettingsContext = createContext<Settings | null>(null);

/** Opens the settings dialog. */
export const OpenSettingsContext = createContext<OpenSettings>(() => {});

export function useOpenSettings(): OpenSettings {
  return useContext(OpenSettingsContext);
}

export function useSettings(): Settings {
  const settings = useContext(SettingsContext);
  if (settings === null) throw new Error("There are no settings around this component");
  return settings;
}

export function useSettingsState(): SettingsState {
  return useStore(useSettings());
}
