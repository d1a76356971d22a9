/** ConversationBar: what the open conversation has taken, and what can be done with all of it. */
import type { By } from "../../conversations/state";
import { useList, useShownId } from "../../conversations/useList";
import { strings } from "../../i18n";
import { MoreIcon } from "../../ui/icons";
import { Menu } from "../../ui/Menu";
import { useActs } from "../sidebar/useConversationActions";
import { Spending } from "./ContextUsage";

export interface ConversationBarProps {
  /** Who answers where nobody was chosen. */
  readonly defaults: By | null;
}

const stay = (): void => {};

export function ConversationBar({ defaults }: ConversationBarProps) {
  const id = useShownId();
  const { items } = useList();
  const acts = useActs(stay);
  const item = items.find((one) => one.id === id);
  if (item === undefined) return null;
  return (
    <>
      <Spending key={item.id} id={item.id} defaults={defaults} />
      <Menu
        label={strings.conversationActions}
        icon={<MoreIcon />}
        items={[
          { label: strings.copyWhole, run: () => acts.copy(item) },
          { label: strings.exportAs.md, run: () => acts.exportAs(item, "md") },
          { label: strings.exportAs.html, run: () => acts.exportAs(item, "html") },
          { label: strings.exportAs.json, run: () => acts.exportAs(item, "json") },
        ]}
      />
    </>
  );
}
