/** The menu of a conversation, in the list and above the chat. */
import type { ConversationSummary } from "../../bridge/contract";
import { strings } from "../../i18n";
import { CopyIcon, EditIcon, ExportIcon, FolderIcon, PinIcon, RemoveIcon } from "../../ui/icons";
import type { MenuItem } from "../../ui/Menu";
import type { ConversationActions } from "./useConversationActions";

export function conversationMenu(
  item: ConversationSummary,
  actions: ConversationActions,
  onRename: () => void,
  onMove: () => void,
): MenuItem[] {
  const files = (["md", "html", "json"] as const).map((format): MenuItem => {
    const run = () => actions.exportAs(item, format);
    return { label: strings.exportAs[format], run, icon: <ExportIcon /> };
  });
  const move = { label: strings.folders.move, run: onMove, icon: <FolderIcon /> };
  const pin = item.pinned ? strings.unpin : strings.pin;
  return [
    { label: strings.rename, run: onRename, icon: <EditIcon />, keys: "F2" },
    { label: pin, run: () => actions.pin(item), icon: <PinIcon /> },
    ...(item.temporary ? [] : [move]),
    { label: strings.copyWhole, run: () => actions.copy(item), icon: <CopyIcon />, isApart: true },
    ...files,
    {
      label: strings.delete,
      run: () => actions.remove(item),
      icon: <RemoveIcon />,
      keys: "Delete",
      isApart: true,
      isDestructive: true,
    },
  ];
}
