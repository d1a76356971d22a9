/** The open conversation's context usage and menu. */
import { useState } from "react";
import { useList, useShown, useShownId } from "../../conversations/useList";
import { strings } from "../../i18n";
import { InlineRename } from "../../ui/InlineRename";
import { MoreIcon, SearchIcon, ShorterIcon } from "../../ui/icons";
import { lazyPart } from "../../ui/lazyPart";
import { Menu } from "../../ui/Menu";
import { conversationMenu } from "../sidebar/conversationMenu";
import { useConversationActions } from "../sidebar/useConversationActions";
import { ContextUsage } from "./ContextUsage";

const CompactDialog = lazyPart(async () => (await import("./CompactDialog")).CompactDialog);
const FolderDialog = lazyPart(async () => (await import("../sidebar/FolderDialog")).FolderDialog);

export interface ConversationBarProps {
  readonly onFind: () => void;
  /** The keys for the same action. */
  readonly findKeys: string;
}

const noop = (): void => {};

export function ConversationBar({ onFind, findKeys }: ConversationBarProps) {
  const id = useShownId();
  const { model } = useShown().conversation;
  const item = useList().items.find((entry) => entry.id === id);
  const actions = useConversationActions(noop);
  const [openAction, setOpenAction] = useState<"rename" | "move" | "compact" | null>(null);
  if (item === undefined) return null;
  const find = { label: strings.actions.find, run: onFind, icon: <SearchIcon />, keys: findKeys };
  const askCompact = () => setOpenAction("compact");
  const compact = { label: strings.compact, run: askCompact, icon: <ShorterIcon /> };
  // The list's shortcuts do not apply here.
  const others = conversationMenu(
    item,
    actions,
    () => setOpenAction("rename"),
    () => setOpenAction("move"),
  ).map(({ keys: _, ...menuItem }) => menuItem);
  return (
    <>
      {openAction === "rename" && (
        <InlineRename
          label={strings.renameLabel}
          name={item.title}
          maxLength={200}
          onDone={(name) => {
            setOpenAction(null);
            if (name !== null) actions.rename(item, name);
          }}
        />
      )}
      {openAction === "move" && (
        <FolderDialog item={item} actions={actions} onClose={() => setOpenAction(null)} />
      )}
      {openAction === "compact" && (
        <CompactDialog
          request={{ conversationId: item.id, ...model() }}
          onDone={() => setOpenAction(null)}
        />
      )}
      <ContextUsage key={item.id} id={item.id} />
      <Menu
        label={strings.conversationActions}
        icon={<MoreIcon />}
        items={[find, compact, ...others]}
      />
    </>
  );
}
