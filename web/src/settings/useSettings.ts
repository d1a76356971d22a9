/** The settings, wherever a component needs them. */
import { createContext, useContext } from "react";
import { useStore } from "../conversations/useStore";
import type { OpenSettings } from "./sections";
import type { Settings, SettingsState } from "./settings";

export const SettingsContext = createContext<Settings | null>(null);

/** Opens the dialog. */
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
