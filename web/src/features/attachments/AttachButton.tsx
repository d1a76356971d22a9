/** Opens the system's file dialog. */
import { useRef } from "react";
import { strings } from "../../i18n";
import { IconButton } from "../../ui/IconButton";
import { AttachIcon } from "../../ui/icons";

export interface AttachButtonProps {
  readonly onFiles: (files: readonly File[]) => void;
}

export function AttachButton({ onFiles }: AttachButtonProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <IconButton label={strings.attachments.attach} onClick={() => input.current?.click()}>
        <AttachIcon />
      </IconButton>
      {/* All file types are allowed: an extension does not tell whether a file is text. */}
      <input
        ref={input}
        type="file"
        multiple
        hidden
        data-attach=""
        onChange={({ target }) => {
          onFiles([...(target.files ?? [])]);
          // So that the same file can be chosen again.
          target.value = "";
        }}
      />
    </>
  );
}
