/** Props of the components for parts. Each is a `memo`: only the part that grows renders again. */
import type { PartOf, PartType } from "../../../llm/parts";

export interface PartProps<T extends PartType> {
  readonly part: PartOf<T>;
  /** The model is still writing it. */
  readonly isOpen: boolean;
}
