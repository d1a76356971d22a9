/** Says that a template made the text in the message box, which was not sent, and opens its form. */
import type { MessageTemplate } from "../../bridge/contract";
import type { Conversation } from "../../conversations/conversation";
import { useStore } from "../../conversations/useStore";
import { strings } from "../../i18n";
import { templates as texts } from "../../i18n/templates";
import { withEscapes } from "../../lib/hiddenCharacters";
import buttons from "../../ui/buttons.module.css";
import styles from "./templates.module.css";

export interface DraftTemplateProps {
  readonly conversation: Conversation;
  readonly onEdit: (template: MessageTemplate) => void;
}

export function DraftTemplate({ conversation, onEdit }: DraftTemplateProps) {
  const text = useStore(conversation.draft);
  const { template, text: templateText } = useStore(conversation.returned) ?? {};
  if (template === undefined || templateText !== text) return null;
  return (
    <p className={styles.draft}>
      {withEscapes(texts.fromTemplate(template.name))}
      <button type="button" className={buttons.pill} onClick={() => onEdit(template)}>
        {strings.editForm}
      </button>
    </p>
  );
}
