/** Asks for consent to each provider and setting of a backup that decides where prompts are sent. */
import type { BackupChoice, BackupContents, BackupProvider } from "../../bridge/contract";
import { strings } from "../../i18n";
import { Check } from "../../ui/form/Check";
import parts from "../../ui/form/form.module.css";

const words = strings.consent;

export interface Agreed {
  readonly providers: ReadonlySet<string>;
  readonly settings: ReadonlySet<BackupChoice["setting"]>;
}

export const NOTHING: Agreed = { providers: new Set(), settings: new Set() };

interface Props {
  readonly contents: BackupContents;
  readonly agreed: Agreed;
  onChange(agreed: Agreed): void;
}

export function Consent({ contents: { providers, choices }, agreed, onChange }: Props) {
  if (providers.length + choices.length === 0) return null;
  return (
    <fieldset className={parts.list}>
      <legend className={parts.text}>{words.legend}</legend>
      {providers.map((provider) => (
        <Check
          key={provider.id}
          checked={agreed.providers.has(provider.id)}
          onChange={() =>
            onChange({ ...agreed, providers: toggled(agreed.providers, provider.id) })
          }
        >
          <span>
            {words.provider(provider.name)}
            <small className={parts.text}>{facts(provider).join(" · ")}</small>
          </span>
        </Check>
      ))}
      {choices.map(({ setting, providerId, modelId }) => (
        <Check
          key={setting}
          checked={agreed.settings.has(setting)}
          onChange={() => onChange({ ...agreed, settings: toggled(agreed.settings, setting) })}
        >
          {words[setting](modelId === null ? providerId : `${providerId}, ${modelId}`)}
        </Check>
      ))}
    </fieldset>
  );
}

/** The facts about a provider, without the values of headers. */
function facts({ address, keyEnv, headers, replaces }: BackupProvider): string[] {
  return [
    ...(address === null ? [] : [address]),
    ...(keyEnv === null ? [] : [words.keyEnv(keyEnv)]),
    ...(headers.length === 0 ? [] : [words.headers(headers.join(", "))]),
    ...(replaces ? [words.replaces] : []),
  ];
}

function toggled<T>(all: ReadonlySet<T>, one: T): ReadonlySet<T> {
  const next = new Set(all);
  if (!next.delete(one)) next.add(one);
  return next;
}
