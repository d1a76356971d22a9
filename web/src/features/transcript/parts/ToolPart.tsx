/** A call of a tool: its name, and its arguments as the model wrote them. */
import { memo } from "react";
import { strings } from "../../../i18n";
import { ToolIcon } from "../../../ui/icons";
import type { PartProps } from "./partProps";
import { SideNote } from "./SideNote";

export const ToolPart = memo(function ToolPart({ part, isOpen }: PartProps<"tool">) {
  return (
    <SideNote icon={<ToolIcon />} title={strings.tool(part.name)} isLive={isOpen}>
      <code dir="ltr">{part.arguments}</code>
    </SideNote>
  );
});
