/** The form of a question's template. Its text becomes another version of the question. */
import { draftAttachmentOf } from "../../attachments/draftAttachment";
import type { Conversation } from "../../conversations/conversation";
import type { Edit } from "../../conversations/edits";
import type { MessageView } from "../../conversations/message";
import { TemplateDialog } from "./TemplateDialog";

export interface FormOfMessageProps {
  readonly id: string;
  readonly view: MessageView;
  /** The open edit of the question; its form and attachments take precedence. */
  readonly edit: Edit | undefined;
  readonly conversation: Conversation;
  readonly onClose: () => void;
}

export function FormOfMessage({ id, view, edit, conversation, onClose }: FormOfMessageProps) {
  const current = edit?.from.template ?? view.template;
  if (current === undefined) return null;
  return (
    <TemplateDialog
      template={current}
      conversation={conversation}
      onClose={onClose}
      onSend={(text, template, setUp) => {
        const attached = edit ? edit.tray.get() : view.attachments.map(draftAttachmentOf);
        return conversation.edit(id, { text, attached, untrusted: false, template, setUp });
      }}
    />
  );
}
