/** Settings for tool servers: their state, their tools, and a form to add one. */
import { type FormEvent, useCallback, useEffect, useState } from "react";
import type { Flag, McpServerSummary, ToolSummary } from "../../bridge/contract";
import { strings } from "../../i18n";
import { settingsTexts } from "../../i18n/settings";
import { withEscapes } from "../../lib/hiddenCharacters";
import { serverOf } from "../../settings/serverInput";
import { FLAGS } from "../../settings/toolFlags";
import { requestName } from "../../settings/toolNames";
import { useSettings } from "../../settings/useSettings";
import { Button } from "../../ui/Button";
import { Check } from "../../ui/form/Check";
import { Field } from "../../ui/form/Field";
import { FilePicker } from "../../ui/form/FilePicker";
import formStyles from "../../ui/form/form.module.css";
import { TextField } from "../../ui/form/TextField";
import { Notice, Problem } from "../../ui/Problem";
import { Summary } from "../../ui/Summary";
import { useAsyncAction } from "../../ui/useAsyncAction";

const words = strings.mcp;

export function Servers() {
  const { mcp, tools } = useSettings();
  const [servers, setServers] = useState<readonly McpServerSummary[] | null>(null);
  const [known, setKnown] = useState<readonly ToolSummary[]>([]);
  const { problem, isBusy, attempt } = useAsyncAction();
  const { problem: toolProblem, attempt: attemptTools } = useAsyncAction();

  const load = useCallback(async () => setServers(await mcp.list()), [mcp]);
  useEffect(() => attempt(load()), [attempt, load]);
  useEffect(() => mcp.onChange((list) => list !== undefined && setServers(list)), [mcp]);
  // A server's tools are known once it is ready.
  const offered = servers?.map(({ name, enabled, tools }) => `${name} ${enabled} ${tools}`).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: again whenever a server offers others
  useEffect(() => attemptTools(tools.list().then(setKnown)), [attemptTools, tools, offered]);

  return (
    <>
      <section className={formStyles.section}>
        <h3>{words.title}</h3>
        <p className={formStyles.text}>{words.text}</p>
        <Problem>{problem ?? toolProblem}</Problem>
        {servers?.length === 0 && <p className={formStyles.text}>{words.none}</p>}
        <ul className="stack">
          {servers?.map((server) => (
            <li key={server.name} className={formStyles.section}>
              <Server
                server={server}
                isBusy={isBusy}
                onEnable={() =>
                  attempt(mcp.enable({ name: server.name, enabled: !server.enabled }).then(load))
                }
                onSignIn={() => attempt(mcp.signIn(server.name))}
                onTest={() => attempt(mcp.test(server.name))}
                onRemove={() => attempt(mcp.remove(server.name).then(setServers))}
              />
              <ServerTools server={server.name} all={known} attempt={attempt} onChange={setKnown} />
            </li>
          ))}
        </ul>
      </section>
      <AddServer onAdded={load} />
      <ImportServers onAdded={load} />
    </>
  );
}

interface ServerProps {
  readonly server: McpServerSummary;
  readonly isBusy: boolean;
  readonly onEnable: () => void;
  readonly onSignIn: () => void;
  readonly onTest: () => void;
  readonly onRemove: () => void;
}

function Server({ server, isBusy, onEnable, onSignIn, onTest, onRemove }: ServerProps) {
  const { name, command, url, values, enabled, state, tools, error, output } = server;
  // A test starts with no output, and the new output stays as open as the old one was.
  const [isOutputOpen, setIsOutputOpen] = useState(false);
  return (
    <>
      <div className={formStyles.row}>
        <Check isSwitch aria-label={words.switch(name)} checked={enabled} onChange={onEnable}>
          <span className={formStyles.words}>
            {name}{" "}
            <small className="soft" role="status">
              {words.states[state]}
              {tools > 0 && ` · ${words.tools(tools)}`}
            </small>
            <p dir="ltr">{withEscapes(url ?? (command ?? []).map(quote).join(" "))}</p>
            {values.length > 0 && <p>{words.gets(withEscapes(values.join(", ")))}</p>}
          </span>
        </Check>
        <span className="wrap">
          {(state === "sign_in" || (state === "failed" && url !== null)) && (
            <Button isFree={!isBusy} aria-label={words.signInTo(name)} onClick={onSignIn}>
              {words.signIn}
            </Button>
          )}
          <Button isFree={!isBusy} aria-label={words.testOf(name)} onClick={onTest}>
            {strings.test}
          </Button>
          <Button isFree={!isBusy} aria-label={words.removeOf(name)} onClick={onRemove}>
            {strings.remove}
          </Button>
        </span>
      </div>
      {error !== undefined && <Problem>{withEscapes(error)}</Problem>}
      {output !== "" && (
        <details
          open={isOutputOpen}
          onToggle={({ currentTarget }) => setIsOutputOpen(currentTarget.open)}
        >
          <Summary>{words.output}</Summary>
          <pre className={formStyles.text} dir="ltr">
            {withEscapes(output)}
          </pre>
        </details>
      )}
    </>
  );
}

interface ServerToolsProps {
  readonly server: string;
  readonly all: readonly ToolSummary[];
  readonly attempt: (act: Promise<unknown>) => void;
  readonly onChange: (all: readonly ToolSummary[]) => void;
}

function ServerTools({ server, all, attempt, onChange }: ServerToolsProps) {
  const { tools } = useSettings();
  const own = all.filter(({ kind, source }) => kind === "mcp" && source === server);
  if (own.length === 0) return null;

  function change(tool: ToolSummary, flag: Flag): void {
    const flags = tool.raised.includes(flag)
      ? tool.raised.filter((other) => other !== flag)
      : [...tool.raised, flag];
    attempt(tools.setFlags({ name: requestName(tool, all), flags }).then(onChange));
  }

  return (
    <details>
      <Summary>{words.toolsOf(server)}</Summary>
      <ul className="stack">
        {own.map((tool) => (
          <li key={tool.name}>
            <Check
              isSwitch
              aria-label={strings.tools.switch(withEscapes(tool.name))}
              checked={tool.enabled}
              disabled={tool.problem !== undefined}
              onChange={(enabled) =>
                attempt(tools.enable({ name: requestName(tool, all), enabled }).then(onChange))
              }
            >
              {withEscapes(tool.name)}
            </Check>
            <div className="wrap">
              {FLAGS.map((flag) => (
                <Check
                  key={flag}
                  aria-label={words.flagOf(withEscapes(tool.name), strings.tools.flags[flag])}
                  checked={tool[flag]}
                  disabled={tool[flag] && !tool.raised.includes(flag)}
                  onChange={() => change(tool, flag)}
                >
                  <small>{strings.tools.flags[flag]}</small>
                </Check>
              ))}
            </div>
          </li>
        ))}
      </ul>
    </details>
  );
}

function AddServer({ onAdded }: { readonly onAdded: () => Promise<unknown> }) {
  const { mcp } = useSettings();
  const { problem, isBusy, attempt } = useAsyncAction();
  const [name, setName] = useState("");
  const [commandOrUrl, setCommandOrUrl] = useState("");
  const [values, setValues] = useState("");
  const server = serverOf(name, commandOrUrl, values);

  async function add(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (server === null || isBusy) return;
    await mcp.add(server);
    for (const clear of [setName, setCommandOrUrl, setValues]) clear("");
    await onAdded();
  }

  return (
    <form className={formStyles.section} onSubmit={(event) => attempt(add(event))}>
      <h3>{words.addTitle}</h3>
      <p className={formStyles.text}>{words.addText}</p>
      <TextField label={strings.name} hint={words.nameText} value={name} onChange={setName} />
      <TextField
        label={words.where}
        placeholder="uvx mcp-server-time"
        dir="ltr"
        isTall
        value={commandOrUrl}
        onChange={setCommandOrUrl}
      />
      <Field label={words.values} hint={words.valuesText} isTall>
        {(names) => (
          <textarea
            {...names}
            dir="ltr"
            spellCheck={false}
            value={values}
            onChange={(event) => setValues(event.target.value)}
          />
        )}
      </Field>
      <Problem>{problem}</Problem>
      <Button
        className={formStyles.start}
        tone="filled"
        type="submit"
        disabled={server === null}
        isFree={!isBusy}
      >
        {strings.add}
      </Button>
    </form>
  );
}

function ImportServers({ onAdded }: { readonly onAdded: () => Promise<unknown> }) {
  const { mcp } = useSettings();
  const { problem, attempt } = useAsyncAction();
  const [notice, setNotice] = useState<string | null>(null);

  async function importServers(file: File): Promise<void> {
    setNotice(null);
    const { added, problems } = await mcp.readImport(await file.text());
    const refused = Object.entries(problems).map(([name, reason]) => `${name}: ${reason}`);
    setNotice(withEscapes([words.imported(added.length), ...refused].join(" ")));
    await onAdded();
  }

  return (
    <section className={formStyles.section}>
      <h3>{words.importTitle}</h3>
      <div className={formStyles.row}>
        <p className={formStyles.text}>{words.importText}</p>
        <FilePicker
          aria-label={words.importTitle}
          accept=".json"
          onFiles={([file]) => file && attempt(importServers(file))}
        >
          {(open) => <Button onClick={open}>{settingsTexts.chooseFile}</Button>}
        </FilePicker>
      </div>
      <Problem>{problem}</Problem>
      <Notice>{notice}</Notice>
    </section>
  );
}

/** Quotes a word for a command line, if necessary. */
const quote = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word);
