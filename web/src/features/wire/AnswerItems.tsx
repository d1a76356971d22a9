/** The menu of an answer: its requests and responses, and its recording. */
import { useConversations } from "../../conversations/useConversations";
import { reasonOf, strings } from "../../i18n";
import { wireTexts } from "../../i18n/wire";
import { download } from "../../lib/download";
import { ExportIcon, ServerIcon } from "../../ui/icons";
import { lazyPart } from "../../ui/lazyPart";
import { MenuItems } from "../../ui/Menu";
import { useSidePanel } from "../../ui/panel/useSidePanel";
import { useToasts } from "../../ui/toasts/toastStore";
import { useIsBrowser } from "../../ui/useIsBrowser";

const WirePanel = lazyPart(async () => (await import("./WirePanel")).WirePanel);

export interface AnswerItemsProps {
  readonly inferenceId: string;
  /** The runs of the same answer before this one. */
  readonly earlier: readonly string[];
}

export function AnswerItems({ inferenceId, earlier }: AnswerItemsProps) {
  const { wire } = useConversations().client;
  const show = useSidePanel();
  const toasts = useToasts();
  const isBrowser = useIsBrowser();

  async function save(): Promise<void> {
    if (isBrowser) download(await wire.recording(inferenceId));
    else toasts.show(strings.exported(await wire.record(inferenceId)));
  }

  return (
    <MenuItems
      items={[
        {
          label: wireTexts.show,
          icon: <ServerIcon />,
          run: () =>
            show({
              title: wireTexts.title,
              body: <WirePanel key={inferenceId} runs={[...earlier, inferenceId]} />,
            }),
        },
        {
          label: wireTexts.save,
          icon: <ExportIcon />,
          run: () =>
            void save().catch((error) => toasts.show(strings.refusedAction(reasonOf(error)))),
        },
      ]}
    />
  );
}
