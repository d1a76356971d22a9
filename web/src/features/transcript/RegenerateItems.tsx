/** More ways to regenerate the last answer: by another model, shorter, longer. */
import type { Conversation } from "../../conversations/conversation";
import type { MessageView } from "../../conversations/message";
import { strings } from "../../i18n";
import { LongerIcon, RedoIcon, SearchIcon, ShorterIcon } from "../../ui/icons";
import { type MenuItem, MenuItems } from "../../ui/Menu";
import { useComposer } from "../composer/composerHandle";
import { useRecentModels } from "../models/useRecentModels";

export interface RegenerateItemsProps {
  /** The answer's row. */
  readonly id: string;
  /** Its model. */
  readonly by: Pick<MessageView, "providerId" | "modelId">;
  readonly conversation: Conversation;
}

export function RegenerateItems({ id, by: present, conversation }: RegenerateItemsProps) {
  const [recent] = useRecentModels();
  const composer = useComposer();
  const words = strings.again;
  const others = recent
    .filter((by) => by.providerId !== present.providerId || by.modelId !== present.modelId)
    .map(({ name, ...by }): MenuItem => {
      const run = () => {
        conversation.choose(by);
        conversation.regenerate(id);
      };
      const label = words.by(name ?? by.modelId);
      return { id: `${by.providerId}/${by.modelId}`, label, run, icon: <RedoIcon /> };
    });
  return (
    <MenuItems
      items={[
        ...others,
        {
          label: strings.otherModel,
          run: () => composer.current?.openModels(),
          icon: <SearchIcon />,
        },
        {
          label: words.shorter,
          run: () => void conversation.send(words.shorterPrompt),
          icon: <ShorterIcon />,
          isApart: true,
        },
        {
          label: words.longer,
          run: () => void conversation.send(words.longerPrompt),
          icon: <LongerIcon />,
        },
      ]}
    />
  );
}
