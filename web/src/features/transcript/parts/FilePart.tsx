/** Pictures and files of an answer. */
import { memo } from "react";
import { MessageAttachments } from "../../attachments/MessageAttachments";
import type { PartProps } from "./partProps";

export const FilePart = memo(function FilePart({ part }: PartProps<"file">) {
  return <MessageAttachments attachments={part.files} />;
});
