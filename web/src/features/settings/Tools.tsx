/** The tools on this computer, their folder, and permanent decisions about them. */
import { useCallback, useEffect, useState } from "react";
import type { GrantSummary, NewToolFile, ToolFolder, ToolSummary } from "../../bridge/contract";
import { strings } from "../../i18n";
import { formatList } from "../../i18n/formatList";
import { copyText } from "../../lib/clipboard";
import { withEscapes } from "../../lib/hiddenCharacters";
import { FLAGS } from "../../settings/toolFlags";
import { requestName } from "../../settings/toolNames";
import { useSettings } from "../../settings/useSettings";
import { Button } from "../../ui/Button";
import { Check } from "../../ui/form/Check";
import formStyles from "../../ui/form/form.module.css";
import { Problem } from "../../ui/Problem";
import { Summary } from "../../ui/Summary";
import { useAsyncAction } from "../../ui/useAsyncAction";

/** Interval of checking the files while this is shown, so that a saved change appears at once. */
const POLL_MS = 1_000;

export function Tools() {
  const { tools } = useSettings();
  const [list, setList] = useState<readonly ToolSummary[] | null>(null);
  const [grants, setGrants] = useState<readonly GrantSummary[] | null>(null);
  const [folder, setFolder] = useState<ToolFolder | null>(null);
  const [newFile, setNewFile] = useState<NewToolFile | null>(null);
  const { problem, isBusy, attempt } = useAsyncAction();
  const words = strings.tools;

  const load = useCallback(async () => {
    const [place, all] = await Promise.all([tools.folder(), tools.list()]);
    setFolder(place);
    setList((before) => sameOr(before, all));
    // After the tools, which are shown even if the grants cannot be read.
    const latest = await tools.grants();
    setGrants((before) => sameOr(before, latest));
  }, [tools]);
  useEffect(() => {
    let timer = 0;
    let isOver = false;
    const poll = async () => {
      if (!document.hidden) await load().catch(() => {}); // the known tools stay
      if (!isOver) timer = window.setTimeout(poll, POLL_MS);
    };
    attempt(load());
    timer = window.setTimeout(poll, POLL_MS);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [attempt, load]);

  async function enable(tool: ToolSummary, all: readonly ToolSummary[]): Promise<void> {
    const enabled = !tool.enabled;
    setList(all.map((other) => (other === tool ? { ...other, enabled } : other)));
    try {
      setList(await tools.enable({ name: requestName(tool, all), enabled }));
    } catch (error) {
      setList(all);
      throw error;
    }
  }

  async function create(): Promise<void> {
    setNewFile(await tools.create());
    await load();
  }

  async function revoke(id: string): Promise<void> {
    await tools.revoke(id);
    setGrants(await tools.grants());
  }

  return (
    <>
      <section className={formStyles.section}>
        <h3>{words.list}</h3>
        <p className={formStyles.text}>{words.listText}</p>
        <Problem>{problem}</Problem>
        <ul className="stack">
          {list?.map((tool) => (
            <li key={`${tool.source}/${tool.name}`} className={formStyles.row}>
              <Check
                isSwitch
                aria-label={words.switch(withEscapes(tool.name))}
                checked={tool.enabled}
                disabled={tool.problem !== undefined}
                onChange={() => attempt(enable(tool, list))}
              >
                <span className={formStyles.words}>
                  {withEscapes(tool.name)}{" "}
                  <small className="soft">
                    {withEscapes(tool.source)} · {words.kinds[tool.kind]}
                  </small>
                  {tool.description !== "" && <p>{withEscapes(tool.description)}</p>}
                  <p>{flagsOf(tool)}</p>
                </span>
              </Check>
              {tool.problem !== undefined && <Problem>{withEscapes(tool.problem)}</Problem>}
            </li>
          ))}
        </ul>
        {list?.every(({ kind }) => kind !== "python") && (
          <p className={formStyles.text}>{words.empty}</p>
        )}
        <Button className={formStyles.start} isFree={!isBusy} onClick={() => attempt(create())}>
          {words.newTool}
        </Button>
        <p className={formStyles.text} role="status">
          {newFile !== null && (
            <>
              {newFile.opened ? words.opened : words.written} <code dir="ltr">{newFile.path}</code>
            </>
          )}
        </p>
      </section>
      <section className={formStyles.section}>
        <h3>{words.folder}</h3>
        <p className={formStyles.text}>{words.folderText}</p>
        {folder !== null && (
          <>
            <p className={formStyles.text} dir="ltr">
              {folder.path}
            </p>
            <div className="wrap">
              <OpenFolder path={folder.path} />
            </div>
            <Check
              isSwitch
              checked={folder.trustsEdits}
              hint={words.trustEditsText}
              onChange={(isTrusted) =>
                attempt(tools.trustEdits(isTrusted).then(setFolder).then(load))
              }
            >
              {words.trustEdits}
            </Check>
          </>
        )}
      </section>
      <section className={formStyles.section}>
        <h3>{words.grants}</h3>
        {grants?.length === 0 && <p className={formStyles.text}>{words.noGrants}</p>}
        <ul className="stack">
          {grants?.map((grant) => (
            <li key={grant.id} className={formStyles.row}>
              <span className={formStyles.words}>
                {words.verdicts[grant.verdict]}: {withEscapes(grant.tool)}{" "}
                <small className="soft">{withEscapes(grant.source)}</small>
                {Object.keys(grant.pattern).length > 0 && (
                  <p>{words.where(withEscapes(rulesOf(grant)))}</p>
                )}
                {grant.suspended && <p>{words.suspended}</p>}
                {grant.difference !== undefined && (
                  <details>
                    <Summary>{words.difference}</Summary>
                    <pre className={formStyles.text} dir="ltr">
                      {withEscapes(grant.difference)}
                    </pre>
                  </details>
                )}
              </span>
              <Button
                isFree={!isBusy}
                aria-label={words.revokeOf(withEscapes(grant.tool))}
                onClick={() => attempt(revoke(grant.id))}
              >
                {words.revoke}
              </Button>
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}

/** Opens the folder in the file manager. A browser cannot, so it copies the path. */
function OpenFolder({ path }: { readonly path: string }) {
  const { tools } = useSettings();
  const [outcome, setOutcome] = useState<"copied" | "notCopied" | null>(null);
  const { problem, attempt } = useAsyncAction();

  async function open(): Promise<void> {
    if (await tools.openFolder()) return;
    setOutcome((await copyText(path)) ? "copied" : "notCopied");
  }

  return (
    <>
      <Button onClick={() => attempt(open())}>{strings.tools.openFolder}</Button>
      <span role="status">{outcome !== null && strings.tools.folderOutcome[outcome]}</span>
      <Problem>{problem}</Problem>
    </>
  );
}

/** Returns the previous value if nothing has changed, so that nothing renders again. */
function sameOr<T>(before: T, now: T): T {
  return JSON.stringify(before) === JSON.stringify(now) ? before : now;
}

function flagsOf(tool: ToolSummary): string {
  const { flags } = strings.tools;
  const set = FLAGS.filter((flag) => tool[flag]).map((flag) => flags[flag]);
  return set.length === 0 ? flags.none : set.join(" · ");
}

function rulesOf({ pattern }: GrantSummary): string {
  const { rules, ruleIn } = strings.tools;
  const each = Object.entries(pattern).map(([name, { match, value }]) =>
    ruleIn(name, rules[match], value),
  );
  return formatList(each);
}
