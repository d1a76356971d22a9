/** A call of a tool: its name, and its arguments as the model wrote them. */
import { memo } from "react";
import { strings } from "../../../i18n";
import type { PartProps } from "./partProps";
import styles from "./ToolPart.module.css";

export const ToolPart = memo(function ToolPart({ part }: PartProps<"tool">) {
  return (
    <div className={styles.tool}>
      {strings.tool(part.name)}
      <code dir="ltr">{part.arguments}</code>
    </div>
  );
});
