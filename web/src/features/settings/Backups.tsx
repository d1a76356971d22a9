/** Creates and restores backups of all data. */
import { useEffect, useState } from "react";
import type {
  BackupChoice,
  BackupContents,
  BackupInfo,
  BackupProvider,
} from "../../bridge/contract";
import { useConversations } from "../../conversations/useConversations";
import { locale, strings } from "../../i18n";
import { settingsTexts } from "../../i18n/settings";
import { useSettings } from "../../settings/useSettings";
import { Button } from "../../ui/Button";
import { Check } from "../../ui/form/Check";
import formStyles from "../../ui/form/form.module.css";
import { Notice, Problem } from "../../ui/Problem";
import { useAsyncAction } from "../../ui/useAsyncAction";

/** The number of backups shown at first, newest first. */
const SHOWN = 5;
const words = strings.consent;

interface Consents {
  readonly providers: ReadonlySet<string>;
  readonly settings: ReadonlySet<BackupChoice["setting"]>;
}

const NOTHING: Consents = { providers: new Set(), settings: new Set() };

export function Backups() {
  const settings = useSettings();
  const { client, restore } = useConversations();
  const { backups, backup, backupContents } = client.conversations;
  const [list, setList] = useState<readonly BackupInfo[]>([]);
  const [chosen, setChosen] = useState<{ name: string; contents?: BackupContents } | null>(null);
  const [consents, setConsents] = useState<Consents>(NOTHING);
  const [notice, setNotice] = useState<string | null>(null);
  const [shown, setShown] = useState(SHOWN);
  const { problem, isBusy, attempt } = useAsyncAction();

  useEffect(() => {
    attempt(backups().then(setList));
  }, [attempt, backups]);

  async function make(): Promise<void> {
    setNotice(null);
    const { name } = await backup();
    setNotice(strings.backupMade(name));
    setList(await backups());
  }

  async function choose(name: string): Promise<void> {
    setNotice(null);
    setConsents(NOTHING);
    setChosen({ name });
    const contents = await backupContents(name);
    setChosen((now) => (now?.name === name ? { name, contents } : now));
  }

  async function restoreBackup(name: string): Promise<void> {
    setNotice(null);
    setChosen(null);
    await restore({ name, providers: [...consents.providers], settings: [...consents.settings] });
    setNotice(strings.restored);
    setList(await backups());
    await Promise.all([settings.load(), settings.loadProviders()]);
  }

  return (
    <section className={formStyles.section}>
      <h3>{settingsTexts.backups}</h3>
      <div className={formStyles.row}>
        <p className={formStyles.text}>{strings.backupText}</p>
        <Button isFree={!isBusy} onClick={() => attempt(make())}>
          {strings.backupNow}
        </Button>
      </div>
      <ul className="stack" hidden={list.length === 0}>
        {list.slice(0, shown).map(({ name, createdAt, size }) => (
          <li key={name} className={formStyles.row} title={name}>
            <span>
              {new Date(createdAt).toLocaleString(locale, {
                dateStyle: "long",
                timeStyle: "short",
              })}
              <span className={formStyles.text}> · {strings.size(size)}</span>
            </span>
            <span className="wrap">
              {chosen?.name === name && chosen.contents !== undefined && (
                <Button tone="destructive" onClick={() => attempt(restoreBackup(name))}>
                  {strings.restoreReally}
                </Button>
              )}
              {/* The button stays in place: a second press by mistake cancels. */}
              <Button
                tone="quiet"
                isFree={chosen?.name === name || !isBusy}
                onClick={() => (chosen?.name === name ? setChosen(null) : attempt(choose(name)))}
              >
                {chosen?.name === name ? strings.cancel : strings.restore}
              </Button>
            </span>
            {chosen?.name === name && chosen.contents !== undefined && (
              <Consent contents={chosen.contents} consents={consents} onChange={setConsents} />
            )}
          </li>
        ))}
      </ul>
      {list.length > shown && (
        <Button className={formStyles.start} onClick={() => setShown(list.length)}>
          {strings.showMore}
        </Button>
      )}
      <Notice>{notice}</Notice>
      <Problem>{problem}</Problem>
    </section>
  );
}

interface ConsentProps {
  readonly contents: BackupContents;
  readonly consents: Consents;
  onChange(consents: Consents): void;
}

/** Asks for consent to each provider and setting of a backup that decides where prompts are sent. */
function Consent({ contents: { providers, choices }, consents, onChange }: ConsentProps) {
  if (providers.length + choices.length === 0) return null;
  return (
    <fieldset className="stack">
      <legend className={formStyles.text}>{words.legend}</legend>
      {providers.map((provider) => (
        <Check
          key={provider.id}
          checked={consents.providers.has(provider.id)}
          onChange={() =>
            onChange({ ...consents, providers: toggle(consents.providers, provider.id) })
          }
        >
          <span>
            {words.provider(provider.name)}
            <small className={formStyles.text}>{facts(provider)}</small>
          </span>
        </Check>
      ))}
      {choices.map(({ setting, providerId, modelId }) => (
        <Check
          key={setting}
          checked={consents.settings.has(setting)}
          onChange={() => onChange({ ...consents, settings: toggle(consents.settings, setting) })}
        >
          {words[setting](modelId === null ? providerId : `${providerId}, ${modelId}`)}
        </Check>
      ))}
    </fieldset>
  );
}

/** The facts about a provider, without the values of headers. */
function facts(provider: BackupProvider): string {
  const { address, keyEnv, headers, missingHeaders, replaces } = provider;
  const all = [
    address,
    keyEnv !== null && words.keyEnv(keyEnv),
    headers.length > 0 && words.headers(headers.join(", ")),
    missingHeaders.length > 0 && words.missingHeaders(missingHeaders.join(", ")),
    replaces && words.replaces,
  ];
  return all.filter(Boolean).join(" · ");
}

function toggle<T>(all: ReadonlySet<T>, item: T): ReadonlySet<T> {
  const next = new Set(all);
  if (!next.delete(item)) next.add(item);
  return next;
}
