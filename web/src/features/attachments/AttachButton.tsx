/** Opens the system's own dialog for files. */
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
      {/* Every kind of file: what a text is, its ending does not say. */}
      <input
        ref={input}
        type="file"
        multiple
        hidden
        data-attach=""
        onChange={({ target }) => {
          onFiles([...(target.files ?? [])]);
          // The same file may be chosen again.
          target.value = "";
        }}
      />
    </>
  );
}
