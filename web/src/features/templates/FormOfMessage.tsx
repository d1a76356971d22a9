/**
 * The form of the template that made a question. Its text becomes another version of the question.
 */
import { draftAttachmentOf } from "../../attachments/draftAttachment";
import type { Conversation } from "../../conversations/conversation";
import { type Edit, editedMessage } from "../../conversations/edits";
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
  const template = edit?.from.template ?? view.template;
  if (template === undefined) return null;
  return (
    <TemplateDialog
      template={template}
      conversation={conversation}
      onClose={onClose}
      onSend={(text, messageTemplate, setUp) => {
        const attached = edit
          ? editedMessage(edit).attached
          : view.attachments.map(draftAttachmentOf);
        return conversation.edit(id, {
          text,
          attached,
          untrusted: false,
          template: messageTemplate,
          setUp,
        });
      }}
    />
  );
}
