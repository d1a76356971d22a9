/** The form for a server, by address and API. */
import { useState } from "react";
import type { PresetSummary } from "../../../bridge/contract";
import { strings } from "../../../i18n";
import { settingsTexts as words } from "../../../i18n/settings";
import { parsedUrl } from "../../../lib/parsedUrl";
import { Check } from "../../../ui/form/Check";
import { Field } from "../../../ui/form/Field";
import { Select } from "../../../ui/form/SelectField";
import { TextField } from "../../../ui/form/TextField";
import { type AddedProvider, AddForm } from "./AddForm";
import { idOf } from "./providerId";

const KINDS = ["openai-compatible", "openai-responses", "anthropic"] as const;
type Kind = (typeof KINDS)[number];

export interface ServerFormProps {
  /** A known server that does not answer: its address can be changed before it is added. */
  readonly preset?: PresetSummary | undefined;
  readonly onAdded: (added: AddedProvider) => void;
}

export function ServerForm({ preset, onAdded }: ServerFormProps) {
  const [name, setName] = useState(preset?.name ?? "");
  const [baseUrl, setBaseUrl] = useState(preset?.baseUrl ?? "");
  const [kind, setKind] = useState<Kind>("openai-compatible");
  const [key, setKey] = useState("");
  const [isTrusted, setIsTrusted] = useState(false);
  const isPlain = isPlainHttp(baseUrl);
  const id = idOf(name);
  const provider = {
    id,
    label: name.trim(),
    kind,
    baseUrl: baseUrl.trim(),
    allowPlainHttp: isPlain && isTrusted,
  };

  return (
    <AddForm
      provider={id === "" || provider.baseUrl === "" ? null : provider}
      secret={key.trim()}
      onAdded={onAdded}
    >
      <TextField label={strings.name} autoFocus maxLength={60} value={name} onChange={setName} />
      <TextField
        label={strings.address}
        hint={preset === undefined ? words.addressHint : words.presetSilent(preset.name)}
        inputMode="url"
        dir="ltr"
        value={baseUrl}
        onChange={setBaseUrl}
      />
      {isPlain && (
        <Check checked={isTrusted} onChange={setIsTrusted}>
          {words.plainHttp}
        </Check>
      )}
      <Field label={words.serverKind}>
        {(names) => (
          <Select
            {...names}
            value={kind}
            options={KINDS.map((value) => [value, words.serverKinds[value]])}
            onChange={setKind}
          />
        )}
      </Field>
      <TextField label={strings.keyIfAny} type="password" value={key} onChange={setKey} />
    </AddForm>
  );
}

/** Unencrypted HTTP to another machine, for which the host requires a confirmation. */
function isPlainHttp(address: string): boolean {
  // The host completes an address without a public name with http.
  if (/^((\d+\.){3}\d+|[\w-]+:\d)/.test(address)) return !/^(localhost:|127\.)/.test(address);
  const url = parsedUrl(address);
  return url?.protocol === "http:" && !/^(localhost|127\..*|\[::1\])$/.test(url.hostname);
}
