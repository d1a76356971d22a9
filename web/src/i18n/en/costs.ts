/** English, of how much a model thinks, and of what answers cost. */
import type { Effort } from "../../bridge/contract";

const EFFORTS: Readonly<Record<Effort, string>> = {
  off: "Off",
  low: "Low",
  medium: "Medium",
  high: "High",
  max: "Maximum",
};

export const costsInEnglish = {
  effort: "Effort",
  effortHint: "How much the model thinks before it answers.",
  efforts: EFFORTS,
  effortOf: (effort: string) => `· ${effort} effort`,
  modelsOwn: "Model default",
} as const;
