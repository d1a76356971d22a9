/** The settings dialog, with a list of sections at its side. */
import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import type { Bridge } from "../../bridge/bridge";
import { reasonOf, strings } from "../../i18n";
import { moveFocus } from "../../lib/listKeys";
import { SECTIONS, type Section } from "../../settings/sections";
import { useSettings } from "../../settings/useSettings";
import { Dialog } from "../../ui/Dialog";
import { Problem } from "../../ui/Problem";
import { ShortcutSettings } from "../shortcuts/ShortcutSettings";
import { TemplateLibrary } from "../templates/TemplateLibrary";
import { About } from "./About";
import { Appearance } from "./Appearance";
import { Costs } from "./Costs";
import { Data } from "./Data";
import { Defaults } from "./Defaults";
import { Limits } from "./Limits";
import { Providers } from "./providers/Providers";
import { Servers } from "./Servers";
import styles from "./SettingsDialog.module.css";
import { Tools } from "./Tools";

export interface SettingsDialogProps {
  /** The section shown first. */
  readonly section: Section;
  readonly host: ReturnType<Bridge["host"]>;
  readonly kind: Bridge["kind"];
  readonly onClose: () => void;
}

export function SettingsDialog({ section, host, kind, onClose }: SettingsDialogProps) {
  const settings = useSettings();
  const [shown, setShown] = useState(section);
  const [problem, setProblem] = useState<string | null>(null);
  const id = useId();
  const panel = useRef<HTMLDivElement>(null);

  useEffect(() => {
    Promise.all([settings.load(), settings.loadProviders()]).catch((error) =>
      setProblem(reasonOf(error)),
    );
  }, [settings]);

  // Every section starts at its top.
  // biome-ignore lint/correctness/useExhaustiveDependencies: it depends on the section
  useEffect(() => {
    if (panel.current !== null) panel.current.scrollTop = 0;
  }, [shown]);

  return (
    <Dialog title={strings.settings} className={styles.dialog} onClose={onClose}>
      <div className={styles.sides}>
        <SectionTabs id={id} shown={shown} onShow={setShown} />
        <div
          ref={panel}
          id={`${id}-panel`}
          className={styles.panel}
          role="tabpanel"
          aria-labelledby={`${id}-${shown}`}
        >
          <Problem>{problem}</Problem>
          {shown === "providers" && <Providers />}
          {shown === "models" && <Defaults />}
          {shown === "answers" && <Limits />}
          {shown === "tools" && <Tools />}
          {shown === "servers" && <Servers />}
          {shown === "templates" && <TemplateLibrary />}
          {shown === "costs" && <Costs />}
          {shown === "appearance" && <Appearance />}
          {shown === "shortcuts" && <ShortcutSettings />}
          {shown === "data" && <Data />}
          {shown === "about" && <About host={host} kind={kind} />}
        </div>
      </div>
    </Dialog>
  );
}

interface SectionTabsProps {
  readonly id: string;
  readonly shown: Section;
  readonly onShow: (section: Section) => void;
}

/** One tab stop; the arrow keys move inside and show the section. */
function SectionTabs({ id, shown, onShow }: SectionTabsProps) {
  const list = useRef<HTMLDivElement>(null);

  // The focus starts at the open section.
  useEffect(() => list.current?.querySelector<HTMLElement>("[aria-selected=true]")?.focus(), []);

  function onKeyDown(event: KeyboardEvent): void {
    const tabs = list.current?.querySelectorAll("button") ?? [];
    const next = moveFocus(event, tabs, { axis: "both", wraps: true });
    const section = next === null ? undefined : SECTIONS[next];
    if (section !== undefined) onShow(section);
  }

  return (
    <div ref={list} className={styles.tabs} role="tablist" aria-label={strings.settings}>
      {SECTIONS.map((section) => (
        <button
          key={section}
          type="button"
          className="row-button"
          id={`${id}-${section}`}
          role="tab"
          aria-selected={section === shown}
          aria-controls={section === shown ? `${id}-panel` : undefined}
          tabIndex={section === shown ? 0 : -1}
          onKeyDown={onKeyDown}
          onClick={() => onShow(section)}
        >
          {strings.sections[section]}
        </button>
      ))}
    </div>
  );
}
