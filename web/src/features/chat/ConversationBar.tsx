/** What the open conversation has taken, and what can be done with all of it. */
import { useList, useShownId } from "../../conversations/useList";
import { strings } from "../../i18n";
import { MoreIcon } from "../../ui/icons";
import { Menu } from "../../ui/Menu";
import { useConversationActions } from "../sidebar/useConversationActions";
import { ContextUsage } from "./ContextUsage";

const stay = (): void => {};

export function ConversationBar() {
  const id = useShownId();
  const { items } = useList();
  const actions = useConversationActions(stay);
  const item = items.find((one) => one.id === id);
  if (item === undefined) return null;
  return (
    <>
      <ContextUsage key={item.id} id={item.id} />
      <Menu
        label={strings.conversationActions}
        icon={<MoreIcon />}
        items={[
          { label: strings.copyWhole, run: () => actions.copy(item) },
          { label: strings.exportAs.md, run: () => actions.exportAs(item, "md") },
          { label: strings.exportAs.html, run: () => actions.exportAs(item, "html") },
          { label: strings.exportAs.json, run: () => actions.exportAs(item, "json") },
        ]}
      />
    </>
  );
}
