/** The form of a template, then the text that it makes. Nothing is sent before the person has seen it. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { SetUp } from "../../attachments/draftAttachment";
import type { MessageTemplate, RenderedTemplate, TemplateDetail } from "../../bridge/contract";
import { failureOf } from "../../bridge/hostError";
import type { Conversation } from "../../conversations/conversation";
import { useConversations } from "../../conversations/useConversations";
import { strings } from "../../i18n";
import { templates as texts } from "../../i18n/templates";
import { withEscapes } from "../../lib/hiddenCharacters";
import { useSettings } from "../../settings/useSettings";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import formStyles from "../../ui/form/form.module.css";
import TypedForm, { type FormValues } from "../../ui/form/TypedForm";
import { useRequest } from "../../ui/form/useRequest";
import { Notice, Problem } from "../../ui/Problem";
import { problemText } from "./problemText";
import { RenderedText } from "./RenderedText";
import { RequestedOptionsCheck, useRequestedOptions } from "./RequestedOptions";
import { setUpFor } from "./setUp";
import own from "./templates.module.css";

export interface TemplateDialogProps {
  /** With the version and values of a message, the form starts with these values. */
  readonly template: Pick<MessageTemplate, "name"> & Partial<MessageTemplate>;
  readonly conversation: Conversation;
  readonly onClose: () => void;
  /** False if it cannot be sent now: the form stays. */
  readonly onSend: (text: string, template: MessageTemplate, setUp?: SetUp) => boolean;
}

/** The text that is shown, and the values that made it. */
type ShownText = RenderedTemplate & { readonly values: FormValues };

/** The template now, and when it made the message. Null if that version is gone. */
interface TemplateVersions {
  readonly now: TemplateDetail | null;
  readonly before: TemplateDetail | null;
}

export function TemplateDialog({ template, conversation, onClose, onSend }: TemplateDialogProps) {
  const { name, version } = template;
  const { templates } = useSettings();
  const { conversations } = useConversations().client;
  const [isBefore, setIsBefore] = useState(false);
  /** The values of a form: texts, numbers, lists and files. */
  const [values, setValues] = useState((template.values ?? {}) as FormValues);
  const [rendered, setRendered] = useState<ShownText | null>(null);
  const [isUsed, setIsUsed] = useState(true);
  const body = useRef<HTMLDivElement>(null);
  const [problem, setProblem] = useState<string | null>(null);

  const find = useCallback(async (): Promise<TemplateVersions> => {
    if (version === undefined) return { now: await templates.get({ name }), before: null };
    const orNull = (error: unknown) => {
      if (failureOf(error).code === "NOT_FOUND") return null;
      throw error;
    };
    const [now, before] = await Promise.all([
      templates.get({ name }).catch(orNull),
      templates.get({ name, version }).catch(orNull),
    ]);
    return { now, before };
  }, [templates, name, version]);
  const { value: versions, reason } = useRequest(find);

  const { now = null, before = null } = versions ?? {};
  const isSound = now !== null && now.problem === undefined;
  const detail = (isBefore || !isSound) && before !== null ? before : isSound ? now : null;
  const isForm = detail !== null && rendered === null;
  useEffect(() => {
    const field = ":is(input, select, textarea)";
    if (isForm) body.current?.querySelector<HTMLElement>(`[data-field] ${field}`)?.focus();
  }, [isForm]);
  const requested = useRequestedOptions(detail, conversation.model());

  async function preview(entered: FormValues): Promise<void> {
    if (detail === null) return;
    const result = await templates.render({ name, version: detail.version, values: entered });
    setProblem(null);
    // Values of fields that only the other version has are kept for a change to it.
    const inputNames = new Set(detail.inputs.map((field) => field.name));
    const others = Object.entries(values).filter(([field]) => !inputNames.has(field));
    setValues({ ...Object.fromEntries(others), ...entered });
    setRendered({ ...result, values: entered });
  }

  function send({ user, system, version, values }: ShownText): void {
    const setUp = setUpFor(conversation, conversations, system, isUsed ? requested : null);
    if (onSend(user, { name, version, values: values as MessageTemplate["values"] }, setUp))
      onClose();
    else setProblem(conversation.isBusy() ? strings.editWaits : strings.gone);
  }

  return (
    <Dialog title={withEscapes(detail?.title ?? name)} onClose={onClose}>
      <div ref={body} className={`${formStyles.body} ${own.body}`}>
        {detail !== null && detail.description !== "" && (
          <p className={formStyles.text}>{withEscapes(detail.description)}</p>
        )}
        {versions !== null && (
          <Change
            {...{ now, before, isBefore }}
            version={version}
            onChoose={(next) => {
              setIsBefore(next);
              setRendered(null);
            }}
          />
        )}
        {requested !== null && (
          <RequestedOptionsCheck requested={requested} isUsed={isUsed} onUse={setIsUsed} />
        )}
        {isForm && (
          <TypedForm
            key={detail.version}
            fields={detail.inputs}
            values={fittingValues(values, detail)}
            submitLabel={texts.preview}
            onSubmit={preview}
            onCancel={onClose}
          />
        )}
        {rendered !== null && <RenderedText rendered={rendered} />}
        {rendered !== null && (
          <div className="wrap">
            <Button tone="filled" isFree={requested !== null} onClick={() => send(rendered)}>
              {strings.send}
            </Button>
            <Button onClick={() => setRendered(null)}>{texts.change}</Button>
          </div>
        )}
        <Problem>{problem ?? reason}</Problem>
      </div>
    </Dialog>
  );
}

interface ChangeProps extends TemplateVersions {
  /** The version that made the message, if there is one. */
  readonly version: string | undefined;
  readonly isBefore: boolean;
  readonly onChoose: (isBefore: boolean) => void;
}

/** Says that the template is gone, broken or has changed since. */
function Change({ now, before, version, isBefore, onChoose }: ChangeProps) {
  if (now === null) return <Notice isBad>{before ? texts.removed : texts.removedGone}</Notice>;
  const { problem } = now;
  const isOther = version !== undefined && now.version !== version;
  return (
    <>
      {problem !== undefined && <Problem>{problemText(problem)}</Problem>}
      {isOther && <Notice>{before === null ? texts.changedGone : texts.changed}</Notice>}
      {isOther && before !== null && problem === undefined && (
        <Button className={formStyles.start} onClick={() => onChoose(!isBefore)}>
          {isBefore ? texts.useNow : texts.useThen}
        </Button>
      )}
    </>
  );
}

/** Omits files of fields that are no longer file fields, and the other way around. */
function fittingValues(values: FormValues, { inputs }: TemplateDetail): FormValues {
  const files = new Set(inputs.filter(({ type }) => type === "file").map(({ name }) => name));
  const entries = Object.entries(values).filter(([name, value]) => {
    const hasText = typeof value === "object" && !Array.isArray(value);
    return value !== null && hasText === files.has(name);
  });
  return Object.fromEntries(entries);
}
