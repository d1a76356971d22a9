/** Drawn here, so that nothing is fetched. */
import type { ReactNode } from "react";
import styles from "./icons.module.css";

interface IconProps {
  /** Whether it points along the line, so that it turns with the page. */
  readonly isTurning?: boolean;
  readonly children: ReactNode;
}

function Icon({ isTurning = false, children }: IconProps) {
  return (
    <svg
      className={isTurning ? styles.turning : undefined}
      viewBox="0 0 24 24"
      width="20"
      height="20"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {children}
    </svg>
  );
}

/** Of one path. */
const line = (d: string) => () => (
  <Icon>
    <path d={d} />
  </Icon>
);

/** Of one path that points along the line. */
const turning = (d: string) => () => (
  <Icon isTurning>
    <path d={d} />
  </Icon>
);

export const SendIcon = line("M12 19V5M5.5 11.5 12 5l6.5 6.5");

export const StopIcon = () => (
  <Icon>
    <rect x="6" y="6" width="12" height="12" rx="2.5" fill="currentColor" stroke="none" />
  </Icon>
);

export const DownIcon = line("M12 5v14M5.5 12.5 12 19l6.5-6.5");

export const NewChatIcon = line(
  "M12 5H7a3 3 0 0 0-3 3v9a3 3 0 0 0 3 3h9a3 3 0 0 0 3-3v-5M18.4 3.6a1.7 1.7 0 0 1 2.4 2.4L13 13.8l-3.2.8.8-3.2z",
);

export const CopyIcon = () => (
  <Icon>
    <rect x="9" y="9" width="11" height="11" rx="2.5" />
    <path d="M5.5 15A1.5 1.5 0 0 1 4 13.5V6.5A2.5 2.5 0 0 1 6.5 4h7A1.5 1.5 0 0 1 15 5.5" />
  </Icon>
);

export const CheckIcon = line("m5 12.5 4.5 4.5L19 7.5");

export const EditIcon = line("M4 20h4L19.3 8.7a2.1 2.1 0 0 0-3-3L5 17zM14.5 7.5l3 3");

export const RedoIcon = line("M20 11a8 8 0 1 0-2.3 6.3M20 4.5V11h-6.5");

export const ContinueIcon = turning("M5 5v14M10 6l9 6-9 6z");

export const PreviousIcon = turning("m14.5 6-6 6 6 6");

export const NextIcon = turning("m9.5 6 6 6-6 6");

export const SidebarIcon = () => (
  <Icon isTurning>
    <rect x="3.5" y="4.5" width="17" height="15" rx="3" />
    <path d="M9.5 4.5v15" />
  </Icon>
);

export const SearchIcon = () => (
  <Icon>
    <circle cx="10.5" cy="10.5" r="6" />
    <path d="m15 15 5 5" />
  </Icon>
);

export const PinIcon = line("M9 4h6l-.7 6 3.2 3.5H6.5L9.7 10zM12 13.5V20");

export const MoreIcon = line("M5.5 12h.01M12 12h.01M18.5 12h.01");

export const CloseIcon = line("m6 6 12 12M18 6 6 18");

export const GhostIcon = line(
  "M5 20V11a7 7 0 0 1 14 0v9l-2.3-2-2.4 2-2.3-2-2.3 2-2.4-2zM9.5 11h.01M14.5 11h.01",
);

export const ImportIcon = line("M12 4v11M7.5 10.5 12 15l4.5-4.5M5 20h14");

export const ChevronIcon = line("m6.5 9.5 5.5 5.5 5.5-5.5");

export const FolderIcon = line(
  "M3.5 8a2.5 2.5 0 0 1 2.5-2.5h3.2l2.3 2.5H18a2.5 2.5 0 0 1 2.5 2.5v6A2.5 2.5 0 0 1 18 19H6a2.5 2.5 0 0 1-2.5-2.5z",
);

export const PlusIcon = line("M12 5v14M5 12h14");

export const SettingsIcon = () => (
  <Icon>
    <path d="M4 7h9M17 7h3M4 17h3M11 17h9" />
    <circle cx="15" cy="7" r="2" />
    <circle cx="9" cy="17" r="2" />
  </Icon>
);

export const EyeIcon = () => (
  <Icon>
    <path d="M2.5 12C5 7.5 8.2 5.5 12 5.5s7 2 9.5 6.5c-2.5 4.5-5.7 6.5-9.5 6.5S5 16.5 2.5 12z" />
    <circle cx="12" cy="12" r="3" />
  </Icon>
);

export const ToolIcon = line(
  "M20.3 6.2a4.8 4.8 0 0 1-6.5 6L7.2 18.8a1.9 1.9 0 0 1-2.7-2.7l6.6-6.6a4.8 4.8 0 0 1 6-6.5l-2.9 3 .5 2.7 2.7.5z",
);

export const ThoughtIcon = line(
  "M9 17.5h6M10 20.5h4M12 3.5a6 6 0 0 0-3.5 10.9c.5.4.7.9.7 1.600h5.600c0-.7.2-1.2.7-1.600A6 6 0 0 0 12 3.5z",
);

export const StarIcon = ({ isFull = false }: { readonly isFull?: boolean }) => (
  <Icon>
    <path
      d="m12 3.8 2.5 5.2 5.7.8-4.1 4 1 5.7-5.1-2.7-5.1 2.7 1-5.7-4.1-4 5.7-.8z"
      fill={isFull ? "currentColor" : "none"}
    />
  </Icon>
);

export const AttachIcon = line(
  "m20 11.5-8.2 8.2a5 5 0 0 1-7.1-7.1l8.5-8.5a3.4 3.4 0 0 1 4.8 4.8l-8.4 8.4a1.7 1.7 0 0 1-2.4-2.4l7.6-7.6",
);

export const FileIcon = line(
  "M13.5 3H7a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V8.5zM13.5 3v5.5H19",
);

export const PictureIcon = () => (
  <Icon>
    <rect x="3.5" y="4.5" width="17" height="15" rx="2.5" />
    <path d="m4 16.5 4.5-4.5 4 4 2.5-2.5 5 5M15.5 9h.01" />
  </Icon>
);

export const WaveMark = () => (
  <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true" focusable="false">
    <rect width="32" height="32" rx="9" fill="var(--tide)" />
    <path
      d="M5 14c3.5 0 3.5-4 7-4s3.5 4 7 4 3.5-4 7-4M5 22c3.5 0 3.5-4 7-4s3.5 4 7 4 3.5-4 7-4"
      fill="none"
      stroke="var(--on-tide)"
      strokeWidth="2.6"
      strokeLinecap="round"
    />
  </svg>
);
